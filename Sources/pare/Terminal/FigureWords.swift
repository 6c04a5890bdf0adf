import Foundation

/// Figures of any kind as people read them: whole numbers whole, others to six digits.
enum FigureWords {
  static func value(_ value: Double?) -> String {
    guard let value else { return "–" }
    return value == value.rounded() && value.magnitude < 1e15 ? String(format: "%.0f", value) : String(format: "%.6g", value)
  }

  static func difference(_ value: Double?) -> String {
    guard let value, value != 0 else { return value == nil ? "–" : "0" }
    return (value > 0 ? "+" : "") + Self.value(value)
  }

  static func ratio(_ value: Double?) -> String { value.map { String(format: "%.3f", $0) } ?? "–" }
}
