import Foundation
import PareArrays
import PareCompression
import PareMarket
import PareTensor

/// A file with a row per decision, features or labels: CSV (plain or gzip) with a header, or npz.
///
/// An npz holds `time` (int64, Unix milliseconds or seconds, one per row), the rows (a tensor of any shape whose first axis
/// is the rows) and, where they are of several, a `symbol` per row (texts).
public struct TableFile: Sendable, Hashable {
  public var path: String
  /// The tensor of an npz; may be left out where there is one beside `time`.
  public var tensor: String?
  public var moment: RowKeys.Moment

  public init(path: String, tensor: String? = nil, moment: RowKeys.Moment = .close) {
    self.path = path
    self.tensor = tensor
    self.moment = moment
  }

  /// - Parameter path: where the file is, the experiment's folder resolved.
  /// - Throws: errors that name the file, and the line or tensor in it.
  func features(at path: String) throws -> FeatureTable {
    guard isNPZ else { return try TableCSV.features(path: path, moment: moment) }
    let (keys, rows) = try read(path)
    guard rows.shape.rank >= 2, rows.elementType.isFloatingPoint else {
      throw EvaluationError(
        "table", subject: path, expected: "rows of floating-point numbers, [rows, …]", found: "\(rows.elementType.rawValue)\(rows.shape)")
    }
    let values = rows.elementType == .float32 ? rows.values(as: Float.self) : rows.doubles.map { Float($0) }
    return try FeatureTable(
      source: path, keys: keys, moment: moment, rowShape: Array(rows.shape.dimensions.dropFirst()), values: values)
  }

  /// - Parameter classNames: the label's, which names and indices refer to.
  /// - Throws: errors that name the file, and the line or tensor in it.
  func labels(at path: String, classNames: [String]) throws -> LabelTable {
    guard isNPZ else { return try TableCSV.labels(path: path, moment: moment, classNames: classNames) }
    let (keys, rows) = try read(path)
    guard rows.shape.rank == 1, !rows.elementType.isFloatingPoint else {
      throw EvaluationError(
        "table", subject: path, expected: "a class index per row, integers [rows]", found: "\(rows.elementType.rawValue)\(rows.shape)")
    }
    let classes = rows.doubles.map { Int32(max(min($0, 1e9), -1e9)) }
    return try LabelTable(source: path, keys: keys, moment: moment, classes: classes, classCount: classNames.count)
  }

  private var isNPZ: Bool { path.lowercased().hasSuffix(".npz") }

  private func read(_ path: String) throws -> (keys: RowKeys, rows: Tensor) {
    var tensors = try NPZ.read(path)
    guard let time = tensors.removeValue(forKey: "time"), time.elementType == .int64, time.shape.rank == 1 else {
      throw EvaluationError(
        "table", subject: path, expected: "a tensor 'time' of int64, Unix milliseconds or seconds, one per row",
        found: tensors.isEmpty ? "none" : tensors.keys.sorted().joined(separator: ", "))
    }
    let symbols = try tensors.removeValue(forKey: "symbol").map { try self.symbols($0, count: time.elementCount, path) }
    let name = tensor ?? (tensors.count == 1 ? tensors.first?.key : nil)
    guard let name, let rows = tensors[name] else {
      throw EvaluationError(
        "table", subject: path, expected: tensor.map { "a tensor '\($0)'" } ?? "one tensor beside 'time', or 'tensor:' to say which",
        found: tensors.isEmpty ? "none" : tensors.keys.sorted().joined(separator: ", "))
    }
    guard rows.shape.rank > 0, rows.shape[0] == time.elementCount else {
      throw EvaluationError("table", subject: "\(path): \(name)", expected: "\(time.elementCount) rows", found: "\(rows.shape)")
    }
    let times = time.values(as: Int64.self).map { $0.magnitude < 100_000_000_000 ? $0 * 1000 : $0 }
    return (RowKeys(times: times, symbols: symbols), rows)
  }

  /// The texts of an array that NumPy wrote, one per row.
  private func symbols(_ tensor: Tensor, count: Int, _ path: String) throws -> [String] {
    let isText = tensor.elementType == .uint32 || tensor.elementType == .uint8
    guard isText, tensor.shape.rank == 2, tensor.shape[0] == count else {
      throw EvaluationError(
        "table", subject: "\(path): symbol", expected: "a text per row, [\(count)]", found: "\(tensor.elementType.rawValue)\(tensor.shape)")
    }
    let characters = tensor.doubles
    let length = tensor.shape[1]
    return (0..<count).map { row in
      let scalars = characters[row * length..<(row + 1) * length].prefix { $0 != 0 }.compactMap { Unicode.Scalar(UInt32($0)) }
      return String(String.UnicodeScalarView(scalars))
    }
  }
}

extension TableFile: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case file, tensor, time
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init(
      path: try container.decode(String.self, forKey: .file),
      tensor: try container.decodeIfPresent(String.self, forKey: .tensor),
      moment: try container.wordIfPresent(forKey: .time) ?? .close)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(path, forKey: .file)
    try container.encodeIfPresent(tensor, forKey: .tensor)
    try container.encode(moment, forKey: .time)
  }
}
