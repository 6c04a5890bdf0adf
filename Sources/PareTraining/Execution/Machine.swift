#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the machine has to give.
package enum Machine {
  /// Processors that may run threads, at least 1.
  package static var coreCount: Int { max(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 1) }

  /// Bytes that may be taken without others having to give way: what the system says is available, or what is left of the
  /// limit that the process runs under (a control group), whichever is less. Nil where the system does not say.
  package static var availableMemory: Int? {
    #if canImport(Darwin)
      var size: UInt64 = 0
      var length = MemoryLayout<UInt64>.size
      return sysctlbyname("hw.memsize", &size, &length, nil, 0) == 0 ? Int(clamping: size) : nil
    #else
      let groups = [
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
      ]
      var candidates = groups.compactMap { limit, usage -> Int? in
        guard let limit = number(in: limit), let usage = number(in: usage) else { return nil }
        return max(limit - usage, 0)
      }
      if let kibibytes = number(in: "/proc/meminfo", after: "MemAvailable:") { candidates.append(kibibytes << 10) }
      return candidates.min()
    #endif
  }

  #if !canImport(Darwin)
    /// The number that stands in a file, on the line that begins so.
    private static func number(in path: String, after key: String = "") -> Int? {
      guard let file = fopen(path, "r") else { return nil }
      defer { fclose(file) }
      var line = [CChar](repeating: 0, count: 256)
      while fgets(&line, Int32(line.count), file) != nil {
        let text = line.prefix { $0 != 0 }.map { Character(Unicode.Scalar(UInt8(bitPattern: $0))) }
        guard String(text.prefix(key.count)) == key else { continue }
        return Int(String(text.dropFirst(key.count).drop { $0 == " " }.prefix { $0.isNumber }))
      }
      return nil
    }
  #endif
}
