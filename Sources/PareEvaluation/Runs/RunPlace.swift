import Foundation

/// Where a run's folder stands, and the store of runs beside it.
package struct RunPlace {
  /// The store's file: `runs/runs.sqlite` for `runs/btc`.
  package let store: String
  /// The folder's name, beside the store.
  package let name: String

  /// - Parameter directory: the run's folder.
  package init(_ directory: String) {
    var path = directory[...]
    while path.hasSuffix("/"), path.count > 1 { path.removeLast() }
    if ["", ".", "..", "/"].contains(path.split(separator: "/").last ?? "") {
      path = URL(fileURLWithPath: directory).standardizedFileURL.path[...]
    }
    let cut = path.lastIndex(of: "/")
    store = (cut.map { path[...$0] } ?? "") + RunStore.file
    name = String(cut.map { path[path.index(after: $0)...] } ?? path)
  }

  /// When a run's results were written.
  static func written(_ directory: String) -> Date {
    let attributes = try? FileManager.default.attributesOfItem(atPath: directory + "/" + RunResults.file)
    return attributes?[.modificationDate] as? Date ?? Date()
  }
}

/// When a run began.
public struct RunStart: Sendable {
  let date: Date
  private let instant: ContinuousClock.Instant

  /// Now.
  public init() {
    (date, instant) = (Date(), .now)
  }

  /// Since then.
  var seconds: Double { (ContinuousClock.now - instant) / .seconds(1) }
}
