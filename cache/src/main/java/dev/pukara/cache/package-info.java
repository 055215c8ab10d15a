/**
 * Files that are kept between runs: prepared weights, keys and values of policies, unpacked
 * libraries, digests of model files. The door is {@link dev.pukara.cache.UserCache}.
 */
@org.jspecify.annotations.NullMarked
package dev.pukara.cache;
