import Foundation

/// What people call the processor.
public enum ProcessorName {
  /// Model, family and number of what this runs on; `unknown` where the system does not say.
  public static var current: String {
    guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return "unknown" }
    func value(_ key: String) -> String? {
      text.split(separator: "\n").first { $0.split(separator: ":").first.map { $0.trimmingCharacters(in: .whitespaces) } == key }
        .flatMap { $0.split(separator: ":", maxSplits: 1).last }.map { $0.trimmingCharacters(in: .whitespaces) }
    }
    guard let name = value("model name") else { return "unknown" }
    let numbers = [("family", "cpu family"), ("model", "model")].compactMap { word, key in value(key).map { "\(word) \($0)" } }
    return ([name] + numbers).joined(separator: ", ")
  }
}
