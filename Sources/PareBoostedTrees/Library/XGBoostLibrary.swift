#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// XGBoost's shared library, opened for the life of the process by whoever first asks for it.
package struct XGBoostLibrary: Sendable {
  let symbols: XGBoostSymbols
  /// As in `1.7.4`.
  package let version: String

  #if canImport(Darwin)
    private static let names = [
      "/opt/homebrew/lib/libxgboost.dylib", "/usr/local/lib/libxgboost.dylib", "libxgboost.dylib",
    ]
  #else
    private static let names = ["libxgboost.so.0", "libxgboost.so"]
  #endif

  private static let shared = Result { () throws(BoostedTreesError) in try XGBoostLibrary(firstOf: names) }

  /// - Throws: `boosted-trees.no-library`, category serviceUnavailable, which says what to install.
  package static func open() throws(BoostedTreesError) -> XGBoostLibrary { try shared.get() }

  package static var isAvailable: Bool { (try? shared.get()) != nil }

  /// - Parameter names: of the library, in the order in which they are tried.
  package init(firstOf names: [String]) throws(BoostedTreesError) {
    let handle = try Self.openFirst(names)
    symbols = try XGBoostSymbols { (name) throws(BoostedTreesError) in
      guard let address = dlsym(handle, name) else {
        throw BoostedTreesError(
          "library", subject: "XGBoost's library", expected: "one with \(name), of version 1.7 or later", found: "none in it",
          category: .serviceUnavailable)
      }
      return address
    }
    var (major, minor, patch) = (Int32(0), Int32(0), Int32(0))
    symbols.version(&major, &minor, &patch)
    version = "\(major).\(minor).\(patch)"
  }

  private static func openFirst(_ names: [String]) throws(BoostedTreesError) -> UnsafeMutableRawPointer {
    var reason = ""
    for name in names {
      if let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) { return handle }
      if reason.isEmpty, let message = dlerror() { reason = String(cString: message) }
    }
    throw BoostedTreesError(
      "no-library", subject: "XGBoost's library",
      expected: "XGBoost (Debian, Ubuntu: sudo apt-get install libxgboost-dev; macOS: brew install xgboost)", found: reason,
      category: .serviceUnavailable)
  }

  /// - Throws: `boosted-trees.library` with the first line of what the library says, where `status` is not 0.
  func check(_ status: Int32, _ action: String) throws(BoostedTreesError) {
    guard status != 0 else { return }
    let text = symbols.lastError().map { String(cString: $0) } ?? ""
    let lines = text.split(whereSeparator: \.isNewline)
    throw BoostedTreesError(
      "library", subject: "XGBoost, \(action)", found: lines.first.map { String($0.prefix(200)) } ?? "an error without a text")
  }
}
