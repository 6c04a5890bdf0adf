import PareGraph
import PareTensor
import PareTraining
import RealModule

/// Rows between the training rows, for a teacher to answer: `{copies: 4, share: 0.5}`.
///
/// A student with few rows learns them by heart; but a teacher can be asked about any row. A mixed row is
/// `m + cos φ · (x − m) + sin φ · (x′ − m)`, x being a training row, x′ another, m the mean of all and φ drawn evenly from 0 to `share` · π/2:
/// where rows do not depend on one another it has the mean and the covariances of the others. Over a panel x′ is another stretch of days
/// with its symbols in another order, and every symbol has a φ of its own; who is absent stays so, and an absent x′ is m.
///
/// - Source: Zhang et al. 2018, arXiv:1710.09412, §2, for mixing; Beyer et al. 2022, arXiv:2106.05237, §3, for asking a teacher about it.
public struct RowMixing: Sendable, Hashable {
  /// Mixed rows for each training row.
  public var copies: Int
  /// How far a row may go towards the other: 1 is all the way.
  public var share: Double

  public init(copies: Int = 4, share: Double = 0.5) {
    (self.copies, self.share) = (copies, share)
  }

  func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.copies).require(copies, in: 1...256)
    try path.key(CodingKeys.share).require(share > 0 && share <= 1, expected: "a share above 0, at most 1", found: share)
  }

  /// The rows with the mixed ones behind them; what else belongs to a row is that of x.
  ///
  /// - Throws: `compression.missing-data` where the rows have no features of Float32.
  package func added(to rows: TrainingData, seed: UInt64) throws -> TrainingData {
    let input = "features"
    guard let features = rows[input], features.elementType == .float32, features.shape.rank >= 2 else {
      throw CompressionError("missing-data", subject: "distillation: mixing", expected: "rows of 'features' in Float32", found: "none")
    }
    let values = features.values(as: Float.self)
    let present = features.shape.rank == 4 ? rows[Graph.panelMask]?.values(as: Float.self) : nil
    let cells = CellLayout(features.shape, isPanel: present != nil)
    let means = cells.means(of: values, where: present)
    var generator = SeededGenerator(seed: seed, stream: "distillation/mixing")
    var mixed: [Float] = []
    mixed.reserveCapacity(copies * values.count)
    for _ in 0..<copies {
      let partners = generator.permutation(rows.rowCount)
      for row in 0..<rows.rowCount {
        let order = generator.permutation(cells.symbols)
        let angles = (0..<cells.symbols).map { _ in generator.uniform() * share * .pi / 2 }
        for step in 0..<cells.steps {
          for symbol in 0..<cells.symbols {
            let (own, other) = (cells.cell(row, step, symbol), cells.cell(partners[row], step, order[symbol]))
            let isOther = present.map { $0[other] >= 0.5 } ?? true
            let (a, b) = (Float(Double.cos(angles[symbol])), isOther ? Float(Double.sin(angles[symbol])) : 0)
            for feature in 0..<cells.width {
              let mean = means[feature]
              mixed.append(mean + a * (values[own * cells.width + feature] - mean) + (b == 0 ? 0 : b * (values[other * cells.width + feature] - mean)))
            }
          }
        }
      }
    }
    let repeated = try rows.repeated(copies + 1)
    return try repeated.with(input, Tensor(values + mixed, shape: Shape([rows.rowCount * (copies + 1)] + features.shape.dimensions.dropFirst())))
  }
}

/// The numbers of a tensor as cells of features: by row, step and symbol.
private struct CellLayout {
  let steps: Int
  let symbols: Int
  /// Features of a cell.
  let width: Int

  /// What is no panel has one cell a row, and everything behind the first axis in it.
  init(_ shape: Shape, isPanel: Bool) {
    (steps, symbols) = isPanel ? (shape[1], shape[2]) : (1, 1)
    width = isPanel ? shape[3] : shape.dimensions.dropFirst().reduce(1, *)
  }

  func cell(_ row: Int, _ step: Int, _ symbol: Int) -> Int { (row * steps + step) * symbols + symbol }

  /// Of each feature over the cells that are there.
  func means(of values: [Float], where present: [Float]?) -> [Float] {
    var sums = [Double](repeating: 0, count: width)
    var count = 0
    for cell in 0..<values.count / max(width, 1) where present.map({ $0[cell] >= 0.5 }) ?? true {
      count += 1
      for feature in 0..<width { sums[feature] += Double(values[cell * width + feature]) }
    }
    return sums.map { Float($0 / Double(max(count, 1))) }
  }
}

extension RowMixing: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable { case copies, share }

  public init(from decoder: any Decoder) throws {
    let (container, defaults) = (try decoder.strictContainer(keyedBy: CodingKeys.self), RowMixing())
    self.init(
      copies: try container.decodeIfPresent(Int.self, forKey: .copies) ?? defaults.copies,
      share: try container.decodeIfPresent(Double.self, forKey: .share) ?? defaults.share)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(copies, forKey: .copies)
    try container.encode(share, forKey: .share)
  }
}
