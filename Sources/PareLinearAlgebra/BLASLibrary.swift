#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The shared library that holds BLAS and LAPACK, opened for the life of the process.
///
/// OpenBLAS picks its kernels for the processor while it loads, by the processor's model, and one that is older than
/// the processor takes AVX-512 cores for Haswell or Zen: half the speed (docs/linear-algebra.md). What it picked can
/// be asked, and the environment variable that overrules it is read on loading only; so where the answer is a kernel
/// set without AVX-512 on a processor that has it, the library is closed and opened again under that variable.
struct BLASLibrary {
  let handle: UnsafeMutableRawPointer
  let coreName: String

  static func open() throws(LinearAlgebraError) -> BLASLibrary {
    #if canImport(Darwin)
      BLASLibrary(handle: try openFirst(["/System/Library/Frameworks/Accelerate.framework/Accelerate"]), coreName: "Accelerate")
    #else
      try openOpenBLAS()
    #endif
  }

  func symbol(_ name: String) throws(LinearAlgebraError) -> UnsafeMutableRawPointer {
    guard let address = dlsym(handle, name) else {
      throw LinearAlgebraError(
        "library", subject: "linear algebra library", expected: "one with \(name)", found: "none in it",
        category: .serviceUnavailable)
    }
    return address
  }

  private static func openFirst(_ names: [String]) throws(LinearAlgebraError) -> UnsafeMutableRawPointer {
    var reason = ""
    for name in names {
      if let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) { return handle }
      if reason.isEmpty, let message = dlerror() { reason = String(cString: message) }
    }
    throw LinearAlgebraError(
      "no-library", subject: "linear algebra library",
      expected: "OpenBLAS (Debian, Ubuntu: sudo apt-get install libopenblas0; Fedora: sudo dnf install openblas)",
      found: reason, category: .serviceUnavailable)
  }
}

#if !canImport(Darwin)
  extension BLASLibrary {
    private static let names = ["libopenblas.so.0", "libopenblas.so"]
    /// The names that OpenBLAS gives to kernel sets that use AVX-512.
    private static let wideCores: Set<String> = ["SkylakeX", "Cooperlake", "SapphireRapids"]

    private static func openOpenBLAS() throws(LinearAlgebraError) -> BLASLibrary {
      // Its threads would start on loading; a product runs on the thread that asks for it.
      var library = try withVariable("OPENBLAS_NUM_THREADS", "1", overrides: true) { () throws(LinearAlgebraError) in
        try named(openFirst(names))
      }
      if ProcessorFeatures.hasAVX512, !wideCores.contains(library.coreName) {
        dlclose(library.handle)
        library = try withVariable("OPENBLAS_NUM_THREADS", "1", overrides: true) { () throws(LinearAlgebraError) in
          try withVariable("OPENBLAS_CORETYPE", "SKYLAKEX", overrides: false) { () throws(LinearAlgebraError) in
            try named(openFirst(names))
          }
        }
      }
      if let setThreads = dlsym(library.handle, "openblas_set_num_threads") {
        unsafeBitCast(setThreads, to: (@convention(c) (Int32) -> Void).self)(1)
      }
      return library
    }

    private static func named(_ handle: UnsafeMutableRawPointer) -> BLASLibrary {
      guard let address = dlsym(handle, "openblas_get_corename") else {
        return BLASLibrary(handle: handle, coreName: "unknown")
      }
      let coreName = unsafeBitCast(address, to: (@convention(c) () -> UnsafePointer<CChar>?).self)()
      return BLASLibrary(handle: handle, coreName: coreName.map { String(cString: $0) } ?? "unknown")
    }

    /// Runs `body` with an environment variable set, and puts back what was there.
    private static func withVariable(
      _ name: String, _ value: String, overrides: Bool, _ body: () throws(LinearAlgebraError) -> BLASLibrary
    ) throws(LinearAlgebraError) -> BLASLibrary {
      let before = getenv(name).map { String(cString: $0) }
      if before != nil, !overrides { return try body() }
      setenv(name, value, 1)
      defer {
        if let before { setenv(name, before, 1) } else { unsetenv(name) }
      }
      return try body()
    }
  }
#endif
