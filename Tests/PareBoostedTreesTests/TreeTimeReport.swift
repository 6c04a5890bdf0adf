import Foundation
import PareBoostedTrees
import PareInference
import PareTensor
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Prints what one row costs through trees: the plan beside XGBoost's library in this process, in turns. `benchmarks/trees`
/// runs it.
struct TreeTimeReport {
  private struct Case {
    let name: String
    let classes: Int
    let depth: Int
    let rounds: Int
  }

  private static let cases = [
    Case(name: "300 rounds of depth 4, 3 classes", classes: 3, depth: 4, rounds: 300),
    Case(name: "300 rounds of depth 6, 3 classes", classes: 3, depth: 6, rounds: 300),
    Case(name: "300 rounds of depth 6, 2 classes", classes: 2, depth: 6, rounds: 300),
    Case(name: "50 rounds of depth 4, 2 classes", classes: 2, depth: 4, rounds: 50),
  ]

  @Test(.enabled(if: ProcessInfo.processInfo.environment["PARE_LATENCY_REPORT"] != nil && XGBoostLibrary.isAvailable))
  func nanosecondsPerRow() throws {
    let width = 20
    let library = try XGBoostLibrary.open()
    print("XGBoost \(library.version), 20 features, \(Self.repeats) turns of 1,000 rows: median ns a row, least in brackets")
    for each in Self.cases {
      let data = try Self.data(10_000, width: width, classes: each.classes)
      let settings = BoostingSettings(rounds: each.rounds, depth: each.depth)
      let grown = try GrownTrees(on: data, validation: nil, centre: nil, settings: settings, seed: 1) { _ in }
      let trees = try BoostedTrees(modelFile: grown.model, name: each.name)
      let rows = Array(data.features.values(as: Float.self)[..<(1000 * width)])
      let plan = try DecisionLatency(ExecutionPlan(trees.graph(), outputs: ["logits"]), inputs: rows)
      let booster = try XGBoostBooster(in: library)
      try booster.load(grown.model)
      let peer = try RowPrediction(booster, width: width)
      var times: (plan: [Double], peer: [Double]) = ([], [])
      for _ in 0..<Self.repeats {
        times.plan.append(try plan.chain(rounds: 1))
        times.peer.append(peer.nanosecondsPerRow(rows))
      }
      let (own, other) = (times.plan.sorted(), times.peer.sorted())
      func words(_ sorted: [Double]) -> String {
        String(format: "%.0f (%.0f)", sorted[sorted.count / 2], sorted[0])
      }
      print(
        "\(each.name), \(trees.trees.count) trees: plan \(words(own)), library \(words(other)),",
        String(format: "%.1f × as fast", other[other.count / 2] / own[own.count / 2]))
    }
  }

  private static let repeats = 15

  private static func data(_ count: Int, width: Int, classes: Int) throws -> BoostingData {
    var generator = SeededGenerator(seed: 1)
    let values = (0..<count * width).map { _ in Float(generator.normal()) }
    let labels = (0..<count).map { row -> Int64 in
      let x = values[row * width..<(row + 1) * width].map { $0 }
      let score = x[0] + 0.5 * x[1] * x[2] + sinf(3 * x[3]) + Float(generator.normal()) * 0.5
      return classes == 2 ? (score > 0 ? 1 : 0) : score < -0.6 ? 0 : score > 0.6 ? 2 : 1
    }
    return try BoostingData(
      features: Tensor(values, shape: [count, width]), labels: .classes(labels, count: classes))
  }
}

/// A row through `XGBoosterPredictFromDense`: in place, from one address, so that its description never changes, with a
/// proxy that is kept.
private final class RowPrediction {
  private typealias Predict = @convention(c) (
    UnsafeMutableRawPointer, UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeMutableRawPointer?,
    UnsafeMutablePointer<UnsafePointer<UInt64>?>, UnsafeMutablePointer<UInt64>, UnsafeMutablePointer<UnsafePointer<Float>?>
  ) -> Int32
  private typealias CreateProxy = @convention(c) (UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> Int32

  private let predict: Predict
  private let booster: XGBoostBooster
  private let row: UnsafeMutablePointer<Float>
  private let width: Int
  private var proxy: UnsafeMutableRawPointer?

  init(_ booster: XGBoostBooster, width: Int) throws {
    func symbol(_ name: String) throws -> UnsafeMutableRawPointer {
      let names = ["libxgboost.so.0", "libxgboost.so", "libxgboost.dylib"]
      let handle = names.lazy.compactMap { (name: String) in dlopen(name, RTLD_NOW) }.first
      return try #require(dlsym(#require(handle), name))
    }
    predict = unsafeBitCast(try symbol("XGBoosterPredictFromDense"), to: Predict.self)
    _ = unsafeBitCast(try symbol("XGProxyDMatrixCreate"), to: CreateProxy.self)(&proxy)
    self.booster = booster
    self.width = width
    row = .allocate(capacity: width)
    row.initialize(repeating: 0, count: width)
  }

  deinit { row.deallocate() }

  func nanosecondsPerRow(_ rows: [Float]) -> Double {
    let values = #"{"data":[\#(UInt(bitPattern: row)),true],"shape":[1,\#(width)],"typestr":"<f4","version":3}"#
    let options = #"{"type":1,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":true,"missing":NaN,"cache_id":0}"#
    let count = rows.count / width
    var (shape, rank, numbers) = (UnsafePointer<UInt64>?.none, UInt64(0), UnsafePointer<Float>?.none)
    return values.withCString { values in
      options.withCString { options in
        rows.withUnsafeBufferPointer { rows in
          guard let base = rows.baseAddress else { return .nan }
          var last: UInt32 = 0
          let clock = ContinuousClock()
          let time = clock.measure {
            for index in 0..<count {
              // Each row waits for the answer before it.
              row.update(from: base + index * width + Int(last & 0), count: width)
              let status = predict(booster.handle, values, options, proxy, &shape, &rank, &numbers)
              precondition(status == 0)
              last = numbers?.pointee.bitPattern ?? 0
            }
          }
          return Double(time.components.attoseconds) * 1e-9 / Double(count) + Double(time.components.seconds) * 1e9 / Double(count)
        }
      }
    }
  }
}
