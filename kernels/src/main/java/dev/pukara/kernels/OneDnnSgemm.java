package dev.pukara.kernels;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * oneDNN's classic product of f32 matrices ({@code dnnl_sgemm} in {@code dnnl.h}), which packs both
 * factors at every call. Without AVX-512 it is a third faster than oneDNN's matmul primitive on
 * matrices that are not packed beforehand.
 */
final class OneDnnSgemm {
  private static final MethodHandle SGEMM =
      Linker.nativeLinker()
          .downcallHandle(
              OneDnnLibrary.load().dnnl().findOrThrow("dnnl_sgemm"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_BYTE, // 'T' if a is transposed
                  ValueLayout.JAVA_BYTE,
                  ValueLayout.JAVA_LONG, // m, n, k
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_FLOAT, // what a b is multiplied by
                  ValueLayout.JAVA_LONG, // a and its row step
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG, // b and its row step
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_FLOAT, // what c was before is multiplied by
                  ValueLayout.JAVA_LONG, // c and its row step
                  ValueLayout.JAVA_LONG));

  private OneDnnSgemm() {}

  /** {@code c = a b} or {@code c += a b}, all f32, on the calling thread's OpenMP team. */
  static void multiply(Matrix a, Matrix b, Matrix c, boolean accumulate) {
    int status;
    try {
      status =
          (int)
              SGEMM.invokeExact(
                  order(a),
                  order(b),
                  (long) c.rows(),
                  (long) c.cols(),
                  (long) a.cols(),
                  1f,
                  a.address(),
                  step(a),
                  b.address(),
                  step(b),
                  accumulate ? 1f : 0f,
                  c.address(),
                  step(c));
    } catch (Throwable e) {
      throw OneDnn.failed(e);
    }
    OneDnn.check(status);
  }

  private static byte order(Matrix matrix) {
    return (byte) (byRows(matrix) ? 'N' : 'T');
  }

  /** True if the values of a row lie side by side; with one column, they do. */
  private static boolean byRows(Matrix matrix) {
    return matrix.cols() == 1
        || (matrix.colStep() == 1 && (matrix.rows() == 1 || matrix.rowStep() >= matrix.cols()));
  }

  /** Distance of two rows, or columns if these lie side by side, at least what they are long. */
  private static long step(Matrix matrix) {
    if (!byRows(matrix)) {
      return matrix.colStep();
    }
    return matrix.rows() == 1 ? matrix.cols() : matrix.rowStep();
  }
}
