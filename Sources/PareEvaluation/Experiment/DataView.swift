import PareCompression
import PareGraph
import PareMarket
import PareModels
import PareTensor
import PareTraining

/// What a model is fed and learns from: rows of one choice of features, with the normalizer fitted to its training rows.
struct DataView: Sendable {
  let dataset: MarketDataset
  let normalizer: PareMarket.Normalizer
  private let book: BookChoice?
  /// The name of the input of the models that see these rows.
  let inputName: String
  /// Labelled rows, and their places in the dataset.
  let training: TrainingData
  let validation: TrainingData
  let trainingRows: [Int]
  let validationRows: [Int]

  /// - Parameter span: by default the training and the validation part of the dataset.
  init(_ dataset: MarketDataset, choice: FeatureChoice, inputName: String = "features", span: LearningSpan? = nil) throws {
    self.dataset = dataset
    book = choice.book
    self.inputName = inputName
    let span = span ?? dataset.span
    let (fitted, stopping) = (dataset.labelled(within: span.training), dataset.labelled(within: span.validation))
    for (rows, name) in [(fitted, "train"), (stopping, "validation")] where rows.count < 2 {
      throw EvaluationError("too-few-rows", subject: name, expected: "at least 2 labelled rows", found: "\(rows.count)")
    }
    (trainingRows, validationRows) = (fitted.rows, stopping.rows)
    normalizer = try dataset.normalizer(choice.normalizer, fittedTo: fitted.features, clip: Float(choice.clip))
    training = try Self.data(fitted, dataset, inputName)
    validation = try Self.data(stopping, dataset, inputName)
  }

  var classCount: Int { dataset.label.classNames.count }

  /// Normalizing nodes for the front of a model.
  var normalizerNodes: PareModels.Normalizer {
    PareModels.Normalizer(
      offset: normalizer.offset, scale: normalizer.scale, range: normalizer.lower...normalizer.upper)
  }

  /// Every row of the dataset as a model's input.
  func allRows() throws -> TrainingData {
    try TrainingData([inputName: Tensor(dataset.features, shape: Shape([dataset.rowCount] + dataset.rowShape))])
  }

  /// What a model made from these rows carries, so that it cannot be fed differently from how it was trained.
  func sections() throws -> [(name: String, text: String)] {
    let features: String
    if let schema = dataset.schema, let layout = dataset.crossSection {
      features = try StrictYAML.json(CrossSectionFeatures(crossSection: layout.symbols, of: schema))
    } else if let schema = dataset.schema {
      features = try StrictYAML.json(schema)
    } else if let book {
      features = try StrictYAML.json(OfBook(interval: dataset.keys[0].interval, book: book))
    } else {
      features = try StrictYAML.json(OwnFeatures(interval: dataset.keys[0].interval, rowShape: dataset.rowShape))
    }
    return [("features", features), ("label", try StrictYAML.json(dataset.label))]
  }

  /// What is seen of an order book.
  private struct OfBook: Encodable {
    let interval: CandleInterval
    let book: BookChoice
  }

  /// Columns of every symbol, which no engine of one symbol can compute.
  private struct CrossSectionFeatures: Encodable {
    let crossSection: [String]
    let of: FeatureSchema

    enum CodingKeys: String, CodingKey {
      case crossSection = "cross-section"
      case of
    }
  }

  /// What is known of features that were computed elsewhere.
  private struct OwnFeatures: Encodable {
    let interval: CandleInterval
    let rowShape: [Int]
  }

  private static func data(_ rows: LabelledRows, _ dataset: MarketDataset, _ inputName: String) throws -> TrainingData {
    try TrainingData([
      inputName: Tensor(rows.features, shape: Shape([rows.count] + dataset.rowShape)),
      "labels": Tensor(rows.labels.map(Int64.init)),
    ])
  }
}

/// When the rows are decided that weights are fitted to, and those that stop the fitting.
package struct LearningSpan: Sendable, Hashable {
  package var training: ClosedRange<Int64>
  package var validation: ClosedRange<Int64>
}

extension MarketDataset {
  /// The training and the validation part.
  var span: LearningSpan {
    LearningSpan(training: decisionTimes(of: .train), validation: decisionTimes(of: .validation))
  }
}
