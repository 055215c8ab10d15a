package dev.pukara.cache;

import java.nio.file.Path;
import java.time.Instant;

/**
 * What the cache directory holds.
 *
 * @param path file, or folder of unpacked libraries
 * @param label what it is, for people
 * @param bytes size of all of it
 * @param lastUse when it was written or used last
 */
public record CacheEntry(Path path, String label, long bytes, Instant lastUse) {}
