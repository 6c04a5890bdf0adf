import PareModels

extension NetworkArchitecture {
  /// Reads an architecture as it is typed: as recipes spell it, `{mlp: {hidden: [32, 16]}}`, or in short, `linear`, `mlp:32-16`,
  /// `gru:16`, `lstm:32-16`, `cnn:8-8`.
  ///
  /// - Throws: `compression.unknown-value`, or what decoding a recipe's architecture throws.
  public init(argument: String) throws {
    if argument.hasPrefix("{") {
      self = try StrictYAML.decode(argument, source: "student")
      return
    }
    let parts = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let widths = parts.count == 2 ? parts[1].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) ?? 0 } : []
    let short = ["linear", "mlp", "gru", "lstm", "cnn"]
    guard short.contains(parts[0]), (parts[0] == "linear") == (parts.count == 1), widths.allSatisfy({ $0 > 0 }) else {
      throw CompressionError(
        "unknown-value", subject: "student", expected: "linear, mlp:32-16, gru:16, lstm:16, cnn:8-8, or as recipes spell it",
        found: "'\(argument)'", category: .usage)
    }
    switch parts[0] {
    case "gru": self = .recurrent(.gru, hidden: widths)
    case "lstm": self = .recurrent(.lstm, hidden: widths)
    case "cnn": self = .cnn(channels: widths)
    default: self = .mlp(hidden: widths)
    }
    try validate(at: ParameterPath().key("student"))
  }
}
