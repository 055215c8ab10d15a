package dev.pukara.rows;

import java.nio.file.Path;

/** A line of a file of rows that is not blank. */
public sealed interface RowLine {
  /** The file that it stands in. */
  Path file();

  /** The line's number, from 1. */
  int number();

  /** The row's id; the line's number if it has none that can be read. */
  String id();

  /**
   * The row.
   *
   * @throws RowException if the line is none
   */
  Row row();

  /** File and line, for errors. */
  default String where() {
    return where(file(), number());
  }

  /** File and line, for errors. */
  static String where(Path file, int number) {
    return file + ":" + number;
  }

  /**
   * A line that is a row.
   *
   * @param row what it holds
   */
  record Sound(Path file, int number, Row row) implements RowLine {
    @Override
    public String id() {
      return row.id();
    }
  }

  /**
   * A line that is not a row.
   *
   * @param problem what is wrong with it, where, and the cure
   */
  record Broken(Path file, int number, String id, RowException problem) implements RowLine {
    @Override
    public Row row() {
      throw problem;
    }

    /** What is wrong with it, where, and the cure. */
    public String message() {
      return String.valueOf(problem.getMessage());
    }
  }
}
