import PareGraph

/// Which versions of which operators a file means.
enum OpsetReading {
  /// Versions of the domains that Pare reads; another domain's operators have to be functions of the file.
  static let supported: [String: ClosedRange<Int>] = ["": 13...28, "ai.onnx.ml": 1...5]

  /// The version of each domain, `ai.onnx` being the domain without a name.
  ///
  /// - Throws: `onnx.opset`.
  static func opsets(_ imports: [WireOperatorSet]) throws -> [String: Int] {
    var opsets: [String: Int] = [:]
    for entry in imports {
      let domain = entry.domain == "ai.onnx" ? "" : entry.domain
      let range = supported[domain] ?? 0...Int(Int32.max)
      guard let version = Int(exactly: entry.version), range.contains(version) else {
        throw ONNXError(
          "opset", subject: "opset of \(domain.isEmpty ? "ai.onnx" : quoted(domain))",
          expected: "version \(range.lowerBound) to \(range.upperBound)", found: "\(entry.version)")
      }
      guard opsets.updateValue(version, forKey: domain) ?? version == version else {
        throw ONNXError("opset", subject: "opset of \(quoted(domain))", expected: "one version", found: "two")
      }
    }
    return opsets
  }
}
