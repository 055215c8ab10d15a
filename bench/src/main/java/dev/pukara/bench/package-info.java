/**
 * JMH benchmarks of the kernels: {@code ./dev bench [JMH's options]}, for example {@code ./dev
 * bench Matmul -p format=Q8_0 -p rows=128}.
 */
@NullMarked
package dev.pukara.bench;

import org.jspecify.annotations.NullMarked;
