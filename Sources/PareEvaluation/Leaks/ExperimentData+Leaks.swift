import PareMarket
import PareTensor

extension ExperimentData {
  /// Places at which the series is cut off, and training rows that foresight is looked for in.
  private static let cuts = 3
  private static let foresightRows = 5_000

  /// Everything that can be checked of the data of an experiment.
  func leakChecks(clip: Float, seed: UInt64) throws -> [LeakCheck] {
    let labelled = dataset.labelled(.train)
    let names = dataset.normalizedColumns
    let refitted = try dataset.normalizer(normalizer.kind, fittedTo: labelled.features, clip: clip)
    var checks: [LeakCheck] = []
    if let schema = dataset.schema {
      var generator = SeededGenerator(seed: seed, stream: "leaks")
      let found = try series.map { series in
        let cuts = (0..<Self.cuts).map { _ in generator.below(series.candles.count) }
        return try LeakCheck.features(
          { series in
            let matrix = try FeatureMatrix(of: series, schema: schema)
            return FeatureRows(values: matrix.values, candles: matrix.candleIndices, width: schema.rowLength)
          }, of: series, cutAt: cuts)
      }
      checks += found.first { $0.outcome != .passed }.map { [$0] } ?? Array(found.prefix(1))
    } else if let books = source.books, let inputs = choice.book?.inputs {
      var generator = SeededGenerator(seed: seed, stream: "leaks")
      let cuts = (0..<Self.cuts).map { _ in generator.below(books.count) }
      checks.append(
        try LeakCheck.features(
          { series in
            let values = try inputs.rows(of: books[0..<series.candles.count])
            let width = inputs.rowShape.reduce(1, *)
            return FeatureRows(
              values: values, candles: (0..<values.count / width).map { inputs.warmUp - 1 + $0 }, width: width)
          }, of: series[0], cutAt: cuts))
    } else {
      checks.append(LeakCheck("features", .unchecked, "they come from a table, and nobody can say what they know"))
    }
    checks.append(LeakCheck.normalizer(normalizer, refitted: refitted, to: labelled.count, names: names))
    let reach = Int64(dataset.label.horizon) * (dataset.keys[0].interval.milliseconds ?? 0)
    checks.append(
      LeakCheck.labels(DatasetPart.allCases.map { part in (part.rawValue, dataset.parts[part].map { dataset.times[$0] }) }, reach: reach))
    let step = max(labelled.count / Self.foresightRows, 1)
    let picked = stride(from: 0, to: labelled.count, by: step).filter { labelled.forwardReturns[$0].isFinite }
    // Of a window its newest candle, which is the last in the row: what older ones know the same features knew then.
    let (width, newest) = (dataset.width, names.count)
    checks.append(
      LeakCheck.foresight(
        FeatureRows(
          values: picked.flatMap { labelled.features[($0 + 1) * width - newest..<($0 + 1) * width] }, candles: picked, width: newest),
        names: names, returns: picked.map { labelled.forwardReturns[$0] }))
    return checks
  }
}
