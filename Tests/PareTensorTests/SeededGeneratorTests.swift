import PareTensor
import Testing

@Suite struct SeededGeneratorTests {
  /// From the authors' C program with the state 1, 2, 3, 4, as other implementations publish it too.
  @Test func reproducesTheReferenceSequence() {
    var generator = SeededGenerator(state: (1, 2, 3, 4))
    let expected: [UInt64] = [
      11520, 0, 1_509_978_240, 1_215_971_899_390_074_240, 1_216_172_134_540_287_360, 607_988_272_756_665_600,
      16_172_922_978_634_559_625, 8_476_171_486_693_032_832, 10_595_114_339_597_558_777, 2_904_607_092_377_533_576,
    ]
    #expect(expected.map { _ in generator.next() } == expected)
  }

  /// The first numbers of SplitMix64 from the state 1234567, as its authors' C program gives them.
  @Test func splitMixReproducesItsReferenceSequence() {
    var mix = SplitMix64(state: 1_234_567)
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
      16_408_922_859_458_223_821,
    ]
    #expect(expected.map { _ in mix.next() } == expected)
  }

  /// Computed with a second implementation in Python.
  @Test func aSeedGivesAKnownSequence() {
    var generator = SeededGenerator(seed: 42)
    #expect(
      [generator.next(), generator.next(), generator.next()] == [
        1_546_998_764_402_558_742, 6_990_951_692_964_543_102, 12_544_586_762_248_559_009,
      ])
  }

  @Test func streamsOfOneSeedDiffer() {
    var shuffle = SeededGenerator(seed: 7, stream: "shuffle")
    var start = SeededGenerator(seed: 7, stream: "start")
    #expect(shuffle.next() != start.next())
  }

  /// FNV-1a's published value for "foobar".
  @Test func namesHashAsPublished() {
    #expect(SeededGenerator.hash(of: "foobar") == 0x8594_4171_f739_67e8)
  }

  @Test func uniformNumbersHaveTheMomentsOfTheUniformDistribution() {
    var generator = SeededGenerator(seed: 1)
    let draws = (0..<100_000).map { _ in generator.uniform() }
    #expect(draws.allSatisfy { $0 >= 0 && $0 < 1 })
    // Five standard errors: σ = √(1/12) for the mean, √(1/180) for the mean square deviation.
    let mean = draws.reduce(0, +) / 1e5
    let variance = draws.reduce(0) { $0 + ($1 - 0.5) * ($1 - 0.5) } / 1e5
    #expect(abs(mean - 0.5) < 5 * (1.0 / 12 / 1e5).squareRoot())
    #expect(abs(variance - 1.0 / 12) < 5 * (1.0 / 180 / 1e5).squareRoot())
  }

  @Test func normalNumbersHaveTheMomentsOfTheNormalDistribution() {
    var generator = SeededGenerator(seed: 2)
    let draws = (0..<100_000).map { _ in generator.normal() }
    // Five standard errors: those of the first four moments are √1, √2, √15, √96 over √n.
    for (power, expected, deviation) in [(1, 0.0, 1.0), (2, 1, 2), (3, 0, 15), (4, 3, 96)] {
      let moment = draws.reduce(0) { sum, draw in sum + (0..<power).reduce(1) { product, _ in product * draw } } / 1e5
      #expect(abs(moment - expected) < 5 * (deviation / 1e5).squareRoot(), "moment \(power)")
    }
  }

  @Test func aPermutationHoldsEachIndexOnce() {
    var generator = SeededGenerator(seed: 3)
    for count in [0, 1, 2, 17] { #expect(generator.permutation(count).sorted() == Array(0..<count)) }
  }

  @Test func everyOrderIsEquallyLikely() {
    var generator = SeededGenerator(seed: 4)
    var counts: [[Int]: Int] = [:]
    for _ in 0..<60_000 { counts[generator.permutation(3), default: 0] += 1 }
    #expect(counts.count == 6)
    // Five standard deviations of a binomial count with p = 1/6.
    for count in counts.values { #expect(abs(Double(count) - 10_000) < 5 * (60_000 * 5.0 / 36).squareRoot()) }
  }

  @Test func drawsBelowABoundReachEveryValue() {
    var generator = SeededGenerator(seed: 5)
    #expect(Set((0..<1000).map { _ in generator.below(7) }) == Set(0..<7))
    #expect(generator.below(1) == 0)
  }
}
