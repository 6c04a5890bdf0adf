import Foundation
import PareArtifact

/// A number of a run's results: whose it is, on which part of the data, and what it is called.
///
/// Figures are read off `results.json` by key path, so that whatever results hold can be asked for and compared.
public struct RunFigure: Sendable, Hashable, Encodable {
  /// The list of the results that its subject stands in, `candidates` or `baselines`; empty where it is the run's own.
  public var list: String
  /// The subject's name; empty where it is the run's own.
  public var subject: String
  /// `validation` or `test`; empty where it is of no part.
  public var part: String
  /// The key path within that: `flips.rate`, `latency_ns.p99`.
  public var name: String
  public var value: Double

  public init(list: String = "", subject: String = "", part: String = "", name: String, value: Double) {
    self.list = list
    self.subject = subject
    self.part = part
    self.name = name
    self.value = value
  }
}

extension RunFigure {
  private static let parts: Set = ["train", "validation", "test"]
  /// Numbers that say what the document is, and measure nothing.
  private static let identity: Set = ["schema", "seed"]
  /// What says how sure figures are; hundreds of numbers that nobody compares one by one.
  private static let evidence: Set = ["evidence", "walk_forward"]

  /// The numbers of a `results.json`: of each object with a name in a list of the document, then the run's own. Arrays within these,
  /// as equity curves and steps are, are left out.
  static func all(in results: JSONValue) -> [RunFigure] {
    guard case .object(let members) = results else { return [] }
    // Candidates first, as people ask for them.
    let keys = members.keys.sorted { ($0 != "candidates" ? 1 : 0, $0) < ($1 != "candidates" ? 1 : 0, $1) }
    var (figures, own): ([RunFigure], [RunFigure]) = ([], [])
    for key in keys where !identity.contains(key) && !evidence.contains(key) {
      if case .array(let elements)? = members[key] {
        for element in elements {
          guard let name = element["name"]?.text, !name.isEmpty else { continue }
          figures += measured(element).map { RunFigure(list: key, subject: name, part: $0.part, name: $0.name, value: $0.value) }
        }
      } else if let value = members[key] {
        own += value.numbers(under: key).map { RunFigure(name: $0.path, value: $0.value) }
      }
    }
    return figures + own
  }

  /// The numbers of one value by the keys that JSON gives them.
  static func all(of value: some Encodable, part: String) throws -> [RunFigure] {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let text = String(decoding: try encoder.encode(value), as: UTF8.self)
    return try JSONParser.parse(text).numbers(under: "").map { RunFigure(part: part, name: $0.path, value: $0.value) }
  }

  /// An object's numbers, those of no part first.
  private static func measured(_ object: JSONValue) -> [(part: String, name: String, value: Double)] {
    guard case .object(let members) = object else { return [] }
    var (alike, parted): ([(String, String, Double)], [(String, String, Double)]) = ([], [])
    for (key, value) in members.sorted(by: { $0.key < $1.key }) where !evidence.contains(key) {
      if parts.contains(key), case .object = value {
        parted += value.numbers(under: "").map { (key, $0.path, $0.value) }
      } else {
        alike += value.numbers(under: key).map { ("", $0.path, $0.value) }
      }
    }
    return (alike + parted).map { (part: $0.0, name: $0.1, value: $0.2) }
  }
}

extension JSONValue {
  /// A member of an object; nil where there is none.
  subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members[key]
  }

  var text: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  /// The finite numbers in a value and in objects within it, by key path, sorted; nothing of arrays.
  fileprivate func numbers(under path: String) -> [(path: String, value: Double)] {
    switch self {
    case .number(let digits):
      guard let value = Double(digits), value.isFinite else { return [] }
      return [(path, value)]
    case .object(let members):
      return members.sorted { $0.key < $1.key }.flatMap { key, value in value.numbers(under: path.isEmpty ? key : path + "." + key) }
    default: return []
    }
  }
}
