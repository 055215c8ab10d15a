package dev.pukara.model;

import dev.pukara.kernels.BlockFormat;
import java.nio.file.Path;
import java.util.List;
import java.util.SequencedMap;

/**
 * What was written.
 *
 * @param path file or folder
 * @param bytes bytes of the tensors
 * @param tensors number of tensors by format
 * @param notes what a reader should know: values that were quantised twice, a format that did not
 *     fit, metadata that the target cannot hold
 */
public record WrittenModel(
    Path path, long bytes, SequencedMap<BlockFormat, Integer> tensors, List<String> notes) {}
