import Foundation
import PareCompression
import PareEvaluation

/// Two models side by side, for a terminal.
struct ModelComparisonText {
  private let comparison: ModelComparison

  init(_ comparison: ModelComparison) {
    self.comparison = comparison
  }

  func rendered() -> String {
    var blocks = [
      "A: \(comparison.a)\nB: \(comparison.b)", ComparisonTable(comparison.figures, sides: ("A", "B")).rendered(), layers(),
      agreement(),
    ]
    if let money = comparison.money {
      blocks.append(
        "On the data of \(money.experiment) (\(money.dataDigest)), changes counted from A:\n\n"
          + ComparisonTable(money.figures, sides: ("A", "B")).rendered())
    }
    return blocks.joined(separator: "\n\n")
  }

  private func layers() -> String {
    var table = TextTable(
      ["layer", "operator", "weights A", "weights B", "bytes A", "bytes B", "multiply-adds A", "B", "ns A", "ns B"], words: [0, 1, 2, 3])
    for layer in comparison.layers {
      let operators = [layer.a?.operatorName, layer.b?.operatorName].compactMap { $0 }
      func both<Value>(_ value: (LayerComparison.Side) -> Value?, _ words: (Value) -> String) -> [String] {
        [layer.a, layer.b].map { $0.flatMap(value).map(words) ?? "–" }
      }
      table.add(
        [layer.name, operators.first == operators.last ? operators.first ?? "" : operators.joined(separator: " → ")]
          + both({ $0.weights }, { $0 }) + both({ $0.bytes }, { "\($0)" }) + both({ $0.multiplyAdds }, { "\($0)" })
          + both({ $0.estimateNs }, { String(format: "%.1f", $0) }))
    }
    return table.rendered()
  }

  private func agreement() -> String {
    guard let agreement = comparison.agreement else { return "No rows to run the models on: --input FILE gives some." }
    var lines = ["On \(agreement.rows) rows (\(agreement.source)), each model as deployed:"]
    if !agreement.outputs.isEmpty {
      var table = TextTable(["output", "greatest difference", "B against A, dB"])
      for output in agreement.outputs {
        let isEqual = output.error.maximumError == 0
        table.add([
          output.name, FigureWords.value(output.error.maximumError),
          isEqual ? "equal" : output.error.signalToNoiseDecibels.map { String(format: "%.1f", $0) } ?? "–",
        ])
      }
      lines += ["", table.rendered()]
    }
    if let decision = agreement.decision, let equal = agreement.decisionsEqual {
      let share = String(format: "%.2f%%", 100 * Double(equal) / Double(max(agreement.rows, 1)))
      lines += ["", "Equal by \(decision == .decision ? "decision" : "likeliest class"): \(equal) of \(agreement.rows) rows (\(share))."]
    }
    return lines.joined(separator: "\n")
  }
}
