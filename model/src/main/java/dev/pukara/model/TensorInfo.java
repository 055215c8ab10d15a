package dev.pukara.model;

import dev.pukara.kernels.BlockFormat;

/**
 * A tensor as stored.
 *
 * @param name name in the file
 * @param format stored format
 * @param shape rows first ({@code (rows, cols)} or {@code (length)})
 * @param bytes stored bytes
 */
public record TensorInfo(String name, BlockFormat format, long[] shape, long bytes) {}
