import Foundation

extension WorkFolder {
  /// Writes the `results.json` of a run that nobody made, and gives its folder: a teacher and a smaller model.
  ///
  /// - Parameters:
  ///   - sharpe: of the teacher on the test part; null where nil.
  ///   - later: seconds after 2025-01-31 08:00 at which it was written.
  func handMadeRun(
    _ name: String, seed: UInt64, epochs: Int, net: Double, sharpe: Double?, digest: String = "0123456789abcdef", later: Double = 0
  ) throws -> String {
    let folder = path + "/" + name
    try FileManager.default.createDirectory(atPath: folder + "/artifacts", withIntermediateDirectories: true)
    try write("model", to: name + "/artifacts/small.pare")
    try write(
      """
      {
        "schema": 1, "experiment": "btc", "seed": \(seed), "chosen": "small", "reason": "It has the fewest bytes.",
        "configuration": "name: btc\\nseed: \(seed)\\nteacher:\\n  epochs: \(epochs)\\n  patience: 3\\n",
        "data": {"source": "file candles.csv", "digest": "\(digest)", "rows": 100, "features": ["return_1"]},
        "candidates": [
          {"name": "teacher", "artifact": "artifacts/teacher.pare", "bytes": 1000, "pareto": false, "equity": [{"net": 1}],
            "latency_ns": {"p50": 90.5, "p99": 120}, "validation": {"net_return": 0.25},
            "test": {"net_return": 0.125, "sharpe": \(sharpe.map { "\($0)" } ?? "null"), "flips": {"rate": 0}}},
          {"name": "small", "artifact": "artifacts/small.pare", "bytes": 250, "pareto": true, "steps": [{"bytes": 1}],
            "latency_ns": {"p50": 40, "p99": 61.5}, "validation": {"net_return": \(net)},
            "test": {"net_return": \(net), "sharpe": 1.5, "flips": {"rate": 0.0625}}}
        ],
        "baselines": [{"name": "flat", "test": {"net_return": 0}}],
        "kernels": "avx2", "costs": "fnv1a64:00", "truth": null, "budget": {"tier": null}
      }

      """, to: name + "/results.json")
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1_738_310_400 + later)], ofItemAtPath: folder + "/results.json")
    return name
  }
}
