#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What the processor can do and the operating system lets programs use.
package enum ProcessorFeatures {
  /// The foundation of AVX-512 with its doubleword, byte and 128/256-bit parts, which OpenBLAS's kernels need.
  package static var hasAVX512: Bool {
    #if arch(x86_64) && os(Linux)
      let flags = cpuFlags
      return ["avx512f", "avx512dq", "avx512bw", "avx512vl"].allSatisfy(flags.contains)
    #else
      return false
    #endif
  }

  #if os(Linux)
    /// The flags of the first processor in `/proc/cpuinfo`; empty where there is none.
    private static var cpuFlags: Set<Substring> {
      guard let file = fopen("/proc/cpuinfo", "r") else { return [] }
      defer { fclose(file) }
      var line = [CChar](repeating: 0, count: 1 << 14)
      while fgets(&line, Int32(line.count), file) != nil {
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if text.hasPrefix("flags") { return Set(text.split(whereSeparator: \.isWhitespace)) }
      }
      return []
    }
  #endif
}
