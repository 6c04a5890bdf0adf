import Foundation
import PareMarket
import PareTensor
import Testing

@Suite struct NormalizerTests {
  /// One column: 1, 2, 3, 4, 10.
  private let column: [Float] = [3, 10, 1, 2, 4]

  @Test func fittedValuesAreThoseWorkedOutByHand() throws {
    // Mean 4; deviation √((9 + 4 + 1 + 0 + 36) / 5) = √10; median 3, quartiles 2 and 4.
    let cases: [(NormalizerKind, Float, Float, Float, Float)] = [
      (.zScore, 4, Float(1 / 10.0.squareRoot()), -5, 5), (.unit, 1, Float(1 / 9.0), 0, 1),
      (.symmetric, 5.5, Float(2 / 9.0), -1, 1), (.robust, 3, 0.5, -5, 5),
    ]
    for (kind, offset, scale, lower, upper) in cases {
      let fitted = try Normalizer.fit(kind, to: column, names: ["x"])
      #expect(fitted.offset == [offset], "\(kind)")
      #expect(fitted.scale == [scale], "\(kind)")
      #expect(fitted.lower == lower && fitted.upper == upper, "\(kind)")
    }
  }

  @Test func quartilesInterpolateBetweenOrderStatistics() throws {
    let fitted = try Normalizer.fit(.robust, to: [1, 2, 3, 4], names: ["x"])
    #expect(fitted.offset == [2.5])
    #expect(fitted.scale == [Float(1 / 1.5)])
  }

  @Test(arguments: NormalizerKind.allCases) func eachColumnIsFittedByItself(kind: NormalizerKind) throws {
    let other: [Float] = [-5, 0.5, 2, 100, 7]
    let both = zip(column, other).flatMap { [$0, $1] }
    let fitted = try Normalizer.fit(kind, to: both, names: ["x", "y"])
    let alone = try Normalizer.fit(kind, to: other, names: ["y"])
    #expect(fitted.offset[1] == alone.offset[0] && fitted.scale[1] == alone.scale[0])
  }

  @Test func valuesOutOfRangeAreClippedAndCounted() throws {
    let fitted = try Normalizer.fit(.unit, to: [0, 10, 2, 20], names: ["x", "y"])
    var rows: [Float] = [1, 15, -4, 40, 3, 20, 0, 10]
    let report = fitted.apply(to: &rows)
    #expect(rows == [0.5, 0.5, 0, 1, 1, 1, 0, 0])
    #expect(report.rows == 4 && report.clipped == [2, 1])
    #expect(report.share == 3.0 / 8)
  }

  @Test(arguments: NormalizerKind.allCases) func aConstantColumnHasScaleOneAndBecomesZero(kind: NormalizerKind) throws {
    let fitted = try Normalizer.fit(kind, to: [Float](repeating: 0.1, count: 1_000), names: ["flat"])
    #expect(fitted.scale == [1])
    var rows: [Float] = [0.1]
    fitted.apply(to: &rows)
    #expect(rows == [0])
  }

  @Test(arguments: NormalizerKind.allCases) func aColumnOfZerosAndOnesStaysAsItIs(kind: NormalizerKind) throws {
    let fitted = try Normalizer.fit(kind, to: [0, 1, 0, 1, 1, 1, 0, 1], names: ["rare", "always"])
    #expect(fitted.offset == [0, 0] && fitted.scale == [1, 1])
    var rows: [Float] = [1, 0]
    fitted.apply(to: &rows)
    #expect(rows == [1, 0])
  }

  @Test func aSpreadWithinRoundingIsNotMagnified() throws {
    let fitted = try Normalizer.fit(.zScore, to: [1000, Float(1000).nextUp, 1000, 1000], names: ["x"])
    #expect(fitted.scale == [1])
    let tiny = try Normalizer.fit(.unit, to: [0, .leastNonzeroMagnitude], names: ["x"])
    #expect(tiny.scale == [1])
  }

  @Test func aValueThatIsNotFiniteIsRefusedByName() {
    #expect { try Normalizer.fit(.zScore, to: [1, 2, 3, .nan], names: ["a", "volume-ratio(5)"]) } throws: {
      "\($0)" == "volume-ratio(5): expected a finite value, found nan in row 1"
    }
    #expect(throws: MarketError.self) { try Normalizer.fit(.unit, to: [], names: ["a"]) }
    #expect(throws: MarketError.self) { try Normalizer.fit(.zScore, to: [1], names: ["a"], clip: 0) }
  }

  @Test(arguments: [
    #"{"kind":"unit","offset":[],"scale":[],"lower":0,"upper":1}"#,
    #"{"kind":"unit","offset":[1,2],"scale":[1],"lower":0,"upper":1}"#,
    #"{"kind":"unit","offset":[1],"scale":[0],"lower":0,"upper":1}"#,
    #"{"kind":"unit","offset":[1],"scale":[1],"lower":1,"upper":0}"#,
  ]) func aNormalizerThatCannotBeAppliedIsRefused(json: String) {
    #expect(throws: MarketError.self) { try JSONDecoder().decode(Normalizer.self, from: Data(json.utf8)) }
  }

  @Test func aNormalizerReadsBackFromItsJSONBitForBit() throws {
    var generator = SeededGenerator(seed: 3)
    let rows = (0..<60).map { _ in Float(generator.normal()) }
    let fitted = try Normalizer.fit(.zScore, to: rows, names: ["a", "b", "c"])
    #expect(try JSONDecoder().decode(Normalizer.self, from: JSONEncoder().encode(fitted)) == fitted)
  }
}
