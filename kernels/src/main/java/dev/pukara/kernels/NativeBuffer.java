package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Scratch memory of one thread that grows when more is asked for; its content is then lost. */
final class NativeBuffer implements AutoCloseable {
  private Arena arena = Arena.ofShared();
  private MemorySegment memory = MemorySegment.NULL;

  /** Address of at least {@code bytes} bytes, aligned to 64; zeros when new. */
  long address(long bytes) {
    if (memory.byteSize() < bytes) {
      arena.close();
      arena = Arena.ofShared();
      memory = arena.allocate(bytes, 64);
    }
    return memory.address();
  }

  /** The memory at an address that is known to be good for {@code bytes} bytes. */
  static MemorySegment view(long address, long bytes) {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  @Override
  public void close() {
    arena.close();
  }
}
