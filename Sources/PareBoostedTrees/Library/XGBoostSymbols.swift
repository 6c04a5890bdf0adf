/// The functions of XGBoost's C interface that are used here. Each returns 0, or −1 with a text in `XGBGetLastError`.
struct XGBoostSymbols: Sendable {
  typealias Handle = UnsafeMutableRawPointer

  /// major, minor, patch
  typealias Version = @Sendable @convention(c) (
    UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>
  ) -> Void
  typealias LastError = @Sendable @convention(c) () -> UnsafePointer<CChar>?
  /// data, rows, columns, what stands for missing, matrix, threads
  typealias CreateMatrix = @Sendable @convention(c) (
    UnsafePointer<Float>, UInt64, UInt64, Float, UnsafeMutablePointer<Handle?>, Int32
  ) -> Int32
  /// matrix, field, numbers, count
  typealias SetFloats = @Sendable @convention(c) (Handle, UnsafePointer<CChar>, UnsafePointer<Float>, UInt64) -> Int32
  /// matrix, field, a description of an array as numpy's `__array_interface__`, in JSON
  typealias SetArray = @Sendable @convention(c) (Handle, UnsafePointer<CChar>, UnsafePointer<CChar>) -> Int32
  typealias Free = @Sendable @convention(c) (Handle) -> Int32
  /// matrices, their number, booster
  typealias CreateBooster = @Sendable @convention(c) (UnsafePointer<Handle?>?, UInt64, UnsafeMutablePointer<Handle?>) -> Int32
  /// booster, name, value
  typealias SetParameter = @Sendable @convention(c) (Handle, UnsafePointer<CChar>, UnsafePointer<CChar>) -> Int32
  /// booster, round, matrix
  typealias Update = @Sendable @convention(c) (Handle, Int32, Handle) -> Int32
  /// booster, round, matrices, their names, their number, the text with the figures
  typealias Evaluate = @Sendable @convention(c) (
    Handle, Int32, UnsafeMutablePointer<Handle?>, UnsafeMutablePointer<UnsafePointer<CChar>?>, UInt64,
    UnsafeMutablePointer<UnsafePointer<CChar>?>
  ) -> Int32
  /// booster, options in JSON, length, bytes
  typealias Save = @Sendable @convention(c) (
    Handle, UnsafePointer<CChar>, UnsafeMutablePointer<UInt64>, UnsafeMutablePointer<UnsafePointer<CChar>?>
  ) -> Int32
  /// booster, bytes, length
  typealias Load = @Sendable @convention(c) (Handle, UnsafeRawPointer, UInt64) -> Int32
  /// booster, matrix, options in JSON, shape, rank, numbers
  typealias Predict = @Sendable @convention(c) (
    Handle, Handle, UnsafePointer<CChar>, UnsafeMutablePointer<UnsafePointer<UInt64>?>, UnsafeMutablePointer<UInt64>,
    UnsafeMutablePointer<UnsafePointer<Float>?>
  ) -> Int32

  let version: Version
  let lastError: LastError
  let createMatrix: CreateMatrix
  let setFloats: SetFloats
  let setArray: SetArray
  let freeMatrix: Free
  let createBooster: CreateBooster
  let freeBooster: Free
  let setParameter: SetParameter
  let update: Update
  let evaluate: Evaluate
  let save: Save
  let load: Load
  let predict: Predict

  init(_ symbol: (String) throws(BoostedTreesError) -> UnsafeMutableRawPointer) throws(BoostedTreesError) {
    version = unsafeBitCast(try symbol("XGBoostVersion"), to: Version.self)
    lastError = unsafeBitCast(try symbol("XGBGetLastError"), to: LastError.self)
    createMatrix = unsafeBitCast(try symbol("XGDMatrixCreateFromMat_omp"), to: CreateMatrix.self)
    setFloats = unsafeBitCast(try symbol("XGDMatrixSetFloatInfo"), to: SetFloats.self)
    setArray = unsafeBitCast(try symbol("XGDMatrixSetInfoFromInterface"), to: SetArray.self)
    freeMatrix = unsafeBitCast(try symbol("XGDMatrixFree"), to: Free.self)
    createBooster = unsafeBitCast(try symbol("XGBoosterCreate"), to: CreateBooster.self)
    freeBooster = unsafeBitCast(try symbol("XGBoosterFree"), to: Free.self)
    setParameter = unsafeBitCast(try symbol("XGBoosterSetParam"), to: SetParameter.self)
    update = unsafeBitCast(try symbol("XGBoosterUpdateOneIter"), to: Update.self)
    evaluate = unsafeBitCast(try symbol("XGBoosterEvalOneIter"), to: Evaluate.self)
    save = unsafeBitCast(try symbol("XGBoosterSaveModelToBuffer"), to: Save.self)
    load = unsafeBitCast(try symbol("XGBoosterLoadModelFromBuffer"), to: Load.self)
    predict = unsafeBitCast(try symbol("XGBoosterPredictFromDMatrix"), to: Predict.self)
  }
}
