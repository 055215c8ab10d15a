package dev.pukara.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Curves of a run as one HTML page that needs nothing else. */
final class Plot {
  private static final int WIDTH = 720;
  private static final int HEIGHT = 240;
  private static final int LEFT = 60;
  private static final int BOTTOM = 28;

  /** More points than that are averaged. */
  private static final int POINTS_MAX = 300;

  private static final String[] COLOURS = {"#0b6e4f", "#c1440e", "#2b59c3", "#8b5fbf", "#b08900"};

  private Plot() {}

  static String page(String title, List<JsonNode> lines) {
    StringBuilder page =
        new StringBuilder("<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">");
    page.append("<title>")
        .append(escape(title))
        .append("</title>\n<style>body{font:14px sans-serif;")
        .append("max-width:760px;margin:2em auto;color:#222}svg{background:#fafafa}</style>\n<h1>")
        .append(escape(title))
        .append("</h1>\n");
    Map<String, List<double[]>> loss = new LinkedHashMap<>();
    loss.put("all targets", RunLog.curve(lines, "loss"));
    loss.put("verdicts", RunLog.curve(lines, "verdict_loss"));
    validation(lines, "loss").forEach((policy, points) -> loss.put("held out, " + policy, points));
    page.append(chart("Loss", loss));
    page.append(chart("Held-out AUPRC", validation(lines, "auprc")));
    page.append(chart("Verdicts right", Map.of("training", RunLog.curve(lines, "verdicts_right"))));
    page.append(chart("Learning rate", Map.of("rate", RunLog.curve(lines, "learning_rate"))));
    page.append(chart("Gradient norm", Map.of("norm", RunLog.curve(lines, "gradient_norm"))));
    return page.append("</html>\n").toString();
  }

  private static Map<String, List<double[]>> validation(List<JsonNode> lines, String field) {
    Map<String, List<double[]>> curves = new LinkedHashMap<>();
    for (JsonNode line : lines) {
      line.path("validation")
          .forEachEntry(
              (policy, entry) -> {
                if (entry.path(field).isNumber()) {
                  curves
                      .computeIfAbsent(policy, key -> new ArrayList<>())
                      .add(new double[] {line.path("step").asInt(), entry.path(field).asDouble()});
                }
              });
    }
    return curves;
  }

  private static String chart(String title, Map<String, List<double[]>> curves) {
    double[] x = {Double.POSITIVE_INFINITY, 0};
    double[] y = {Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
    Map<String, List<double[]>> thin = new LinkedHashMap<>();
    curves.forEach(
        (name, points) -> {
          if (!points.isEmpty()) {
            thin.put(name, thinned(points));
          }
        });
    thin.values()
        .forEach(
            points ->
                points.forEach(
                    point -> {
                      x[0] = Math.min(x[0], point[0]);
                      x[1] = Math.max(x[1], point[0]);
                      y[0] = Math.min(y[0], point[1]);
                      y[1] = Math.max(y[1], point[1]);
                    }));
    if (thin.isEmpty()) {
      return "";
    }
    if (y[1] - y[0] < 1e-12) {
      y[1] = y[0] + 1;
    }
    StringBuilder svg = new StringBuilder("<h2>").append(escape(title)).append("</h2>\n");
    svg.append(
        String.format(
            Locale.ROOT,
            "<svg viewBox=\"0 0 %d %d\" width=\"100%%\" role=\"img\">",
            WIDTH,
            HEIGHT));
    for (int i = 0; i <= 4; i++) {
      double value = y[0] + (y[1] - y[0]) * i / 4;
      double at = down(value, y);
      svg.append(
          String.format(
              Locale.ROOT,
              "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>"
                  + "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\" font-size=\"11\">%.3g</text>",
              LEFT,
              WIDTH,
              at,
              at,
              LEFT - 6,
              at + 4,
              value));
    }
    svg.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%d\" y=\"%d\" font-size=\"11\">step %.0f</text>"
                + "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" font-size=\"11\">step %.0f</text>",
            LEFT,
            HEIGHT - 8,
            x[0],
            WIDTH,
            HEIGHT - 8,
            x[1]));
    int colour = 0;
    int legend = LEFT + 60;
    for (Map.Entry<String, List<double[]>> curve : thin.entrySet()) {
      String stroke = COLOURS[colour++ % COLOURS.length];
      svg.append("<polyline fill=\"none\" stroke-width=\"1.5\" stroke=\"").append(stroke);
      svg.append("\" points=\"");
      for (double[] point : curve.getValue()) {
        double right = x[1] > x[0] ? (point[0] - x[0]) / (x[1] - x[0]) : 0.5;
        svg.append(
            String.format(
                Locale.ROOT, "%.1f,%.1f ", LEFT + right * (WIDTH - LEFT - 4), down(point[1], y)));
      }
      svg.append("\"/>");
      svg.append(
          String.format(
              Locale.ROOT,
              "<text x=\"%d\" y=\"%d\" font-size=\"11\" fill=\"%s\">%s</text>",
              legend,
              HEIGHT - 8,
              stroke,
              escape(curve.getKey())));
      legend += 20 + 7 * curve.getKey().length();
    }
    return svg.append("</svg>\n").toString();
  }

  private static double down(double value, double[] range) {
    return 8 + (HEIGHT - BOTTOM - 16) * (1 - (value - range[0]) / (range[1] - range[0]));
  }

  private static List<double[]> thinned(List<double[]> points) {
    int each = Math.ceilDiv(points.size(), POINTS_MAX);
    List<double[]> thin = new ArrayList<>();
    for (int from = 0; from < points.size(); from += each) {
      List<double[]> some = points.subList(from, Math.min(points.size(), from + each));
      thin.add(
          new double[] {
            some.stream().mapToDouble(p -> p[0]).average().orElse(0),
            some.stream().mapToDouble(p -> p[1]).average().orElse(0)
          });
    }
    return thin;
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
