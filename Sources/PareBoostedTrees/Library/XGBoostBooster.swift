/// A model inside the library, trained or loaded. It works on one thread, so that sums have one order.
package final class XGBoostBooster {
  private let library: XGBoostLibrary
  package let handle: UnsafeMutableRawPointer

  /// - Parameter matrices: the rows that it is going to see.
  package init(_ matrices: [XGBoostMatrix] = [], in library: XGBoostLibrary) throws(BoostedTreesError) {
    var made: XGBoostSymbols.Handle?
    let handles = matrices.map { Optional($0.handle) }
    let status = handles.withUnsafeBufferPointer {
      library.symbols.createBooster($0.baseAddress, UInt64($0.count), &made)
    }
    try library.check(status, "making a model")
    guard let made else { throw BoostedTreesError("library", subject: "XGBoost, making a model", found: "nothing") }
    handle = made
    self.library = library
    try set("nthread", "1")
    try set("verbosity", "0")
  }

  deinit { _ = library.symbols.freeBooster(handle) }

  package func set(_ name: String, _ value: String) throws(BoostedTreesError) {
    try library.check(library.symbols.setParameter(handle, name, value), "setting \(name)")
  }

  package func update(round: Int, on matrix: XGBoostMatrix) throws(BoostedTreesError) {
    try library.check(library.symbols.update(handle, Int32(clamping: round), matrix.handle), "round \(round)")
  }

  /// The figure named last in `eval_metric`.
  package func loss(round: Int, on matrix: XGBoostMatrix) throws(BoostedTreesError) -> Double {
    var handles: [XGBoostSymbols.Handle?] = [matrix.handle]
    var text: UnsafePointer<CChar>?
    let status = "rows".withCString { name in
      var names: [UnsafePointer<CChar>?] = [name]
      return library.symbols.evaluate(handle, Int32(clamping: round), &handles, &names, 1, &text)
    }
    try library.check(status, "evaluating round \(round)")
    // `[3]	rows-mlogloss:0.9876543210987654`
    let words = text.map { String(cString: $0) } ?? ""
    guard let colon = words.lastIndex(of: ":"), let loss = Double(words[words.index(after: colon)...]), !loss.isNaN else {
      throw BoostedTreesError(
        "library", subject: "XGBoost, evaluating round \(round)", expected: "a figure", found: String(words.prefix(100)))
    }
    return loss
  }

  /// The model in a format of the library's: `ubj` or `json`.
  package func saved(as format: String = "ubj") throws(BoostedTreesError) -> [UInt8] {
    var (count, bytes) = (UInt64(0), UnsafePointer<CChar>?.none)
    try library.check(library.symbols.save(handle, #"{"format":"\#(format)"}"#, &count, &bytes), "saving a model")
    return [UInt8](UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : Int(clamping: count)))
  }

  /// - Parameter bytes: a model in any format that the library reads. It is trusted with them.
  package func load(_ bytes: [UInt8]) throws(BoostedTreesError) {
    let status = bytes.withUnsafeBytes { buffer in
      buffer.baseAddress.map { library.symbols.load(handle, $0, UInt64(buffer.count)) } ?? -1
    }
    try library.check(status, "loading a model")
  }

  /// The margins of rows, `[rows, columns]`.
  package func margins(_ matrix: XGBoostMatrix) throws(BoostedTreesError) -> [Float] {
    let options = #"{"type":1,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":true}"#
    var (shape, rank, numbers) = (UnsafePointer<UInt64>?.none, UInt64(0), UnsafePointer<Float>?.none)
    try library.check(library.symbols.predict(handle, matrix.handle, options, &shape, &rank, &numbers), "predicting")
    let extents = UnsafeBufferPointer(start: shape, count: Int(clamping: rank))
    return Array(UnsafeBufferPointer(start: numbers, count: extents.reduce(1) { $0 * Int(clamping: $1) }))
  }
}
