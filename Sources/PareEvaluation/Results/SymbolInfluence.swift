import Foundation
import PareMarket

/// How much what is seen of each symbol moves what a model says of each: what a student over the whole cross-section has in place of
/// a network's edges.
///
/// A number for the symbol i that is decided and the symbol j that is seen: the root mean square, over training rows of i, columns of
/// j (in windows of each candle) and classes, of how far the logits move for one training standard deviation of the column, that is,
/// half the difference between a deviation above and one below, the mean over the classes taken off. Of a linear model that is the
/// weight on the normalized column, whatever the row.
public struct SymbolInfluence: Codable, Sendable, Equatable {
  public var symbols: [String]
  /// By the symbol that is decided, then by the one that is seen.
  public var table: [[Double]]

  public init(symbols: [String], table: [[Double]]) {
    (self.symbols, self.table) = (symbols, table)
  }

  /// The pairs of different symbols, the greatest influence first.
  public var pairs: [(decided: String, seen: String, influence: Double)] {
    symbols.indices.flatMap { decided in
      symbols.indices.filter { $0 != decided }.map { (symbols[decided], symbols[$0], table[decided][$0]) }
    }.sorted { $0.2 > $1.2 }
  }
}

extension SymbolInfluence {
  /// More symbols than these make no table that anyone reads.
  private static let mostSymbols = 64
  /// Training rows of each symbol, and decisions in all, that are asked for.
  private static let mostRows = 32
  private static let mostDecisions = 400_000

  /// - Returns: nil where rows do not see the cross-section, or one of very many symbols.
  init?(of model: DeployedModel, data: ExperimentData) throws {
    let dataset = data.dataset
    guard let layout = dataset.crossSection, layout.symbols.count <= Self.mostSymbols else { return nil }
    let (count, width) = (layout.symbols.count, dataset.width)
    let steps = width / layout.width
    let labelled = dataset.labelled(.train)
    let deviations = try dataset.normalizer(.zScore, fittedTo: labelled.features, clip: 5).scale.map { 1 / $0 }
    let perRow = 2 * steps * count * layout.columns.count
    let rowCount = min(Self.mostRows, max(1, Self.mostDecisions / (perRow * count)))
    symbols = layout.symbols
    table = []
    for decided in 0..<count {
      let own = labelled.rows.indices.filter { dataset.symbolIDs[labelled.rows[$0]] == Int32(decided) }
      let picked = (0..<min(rowCount, own.count)).map { own[$0 * own.count / min(rowCount, own.count)] }
      let rows = picked.map { Array(labelled.features[$0 * width..<($0 + 1) * width]) }
      table.append(
        try (0..<count).map { seen -> Double in
          var moved: [Float] = []
          for row in rows {
            for step in 0..<steps {
              for column in 0..<layout.columns.count {
                let place = layout.place(symbol: seen, column: column)
                for side: Float in [1, -1] {
                  var row = row
                  row[step * layout.width + place] += side * deviations[place]
                  moved.append(contentsOf: row)
                }
              }
            }
          }
          return try Self.rootMeanSquare(of: model, moved, width: width, classCount: data.classCount)
        })
    }
  }

  /// Of half the differences between each second row's logits and those of the row before.
  private static func rootMeanSquare(of model: DeployedModel, _ rows: [Float], width: Int, classCount: Int) throws -> Double {
    guard !rows.isEmpty else { return 0 }
    let scores = try model.scores(of: rows, width: width, classCount: classCount)
    // A model of probabilities alone has logits up to what all classes have in common, which is taken off.
    let logits = scores.logits.isEmpty ? scores.probabilities.values.map { log(max($0, 1e-12)) } : scores.logits
    let pairs = logits.count / (2 * classCount)
    var sum = 0.0
    for pair in 0..<pairs {
      let start = 2 * pair * classCount
      let halves = (0..<classCount).map { Double(logits[start + $0] - logits[start + classCount + $0]) / 2 }
      let mean = halves.reduce(0, +) / Double(classCount)
      sum += halves.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }
    return (sum / Double(pairs * classCount)).squareRoot()
  }
}
