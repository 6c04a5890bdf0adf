import PareTensor

/// Rows inside the library, with what it is told of them.
package final class XGBoostMatrix {
  let handle: XGBoostSymbols.Handle
  private let library: XGBoostLibrary
  package let rowCount: Int

  /// - Parameter features: Float32 `[rows, features]`; NaN is missing.
  package init(_ features: Tensor, in library: XGBoostLibrary) throws {
    var made: XGBoostSymbols.Handle?
    let status = features.values(as: Float.self).withUnsafeBufferPointer { values in
      values.baseAddress.map {
        library.symbols.createMatrix($0, UInt64(features.shape[0]), UInt64(features.shape[1]), .nan, &made, 1)
      }
    }
    try library.check(status ?? -1, "taking rows")
    guard let made else { throw BoostedTreesError("library", subject: "XGBoost, taking rows", found: "nothing") }
    handle = made
    rowCount = features.shape[0]
    self.library = library
  }

  deinit { _ = library.symbols.freeMatrix(handle) }

  /// - Parameter labels: as many as rows, or `[rows, columns]`.
  package func setLabels(_ labels: [Float], columns: Int = 1) throws(BoostedTreesError) {
    let status = labels.withUnsafeBufferPointer { values in
      let address = UInt(bitPattern: values.baseAddress)
      return library.symbols.setArray(
        handle, "label",
        #"{"data":[\#(address),true],"shape":[\#(labels.count / columns),\#(columns)],"typestr":"<f4","version":3}"#)
    }
    try library.check(status, "taking labels")
  }

  package func setWeights(_ weights: [Float]) throws(BoostedTreesError) {
    let status = weights.withUnsafeBufferPointer { values in
      values.baseAddress.map { library.symbols.setFloats(handle, "weight", $0, UInt64(values.count)) } ?? 0
    }
    try library.check(status, "taking weights")
  }
}
