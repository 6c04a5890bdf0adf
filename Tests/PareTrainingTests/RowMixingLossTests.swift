import Foundation
import PareGraph
import PareTensor
import PareTraining
import Testing

/// Losses that compare the rows of a batch: by hand, against differences, and where there is nothing to compare.
struct RowMixingLossTests {
  private static let scores = ["scores": ValueType(.float32, ["batch"])]
  private static func hidden(_ width: Int) -> [String: ValueType] { ["hidden": ValueType(.float32, ["batch", .fixed(width)])] }

  private static func all() -> [(loss: any Loss, values: [String: ValueType])] {
    [
      (CorrelationLoss(prediction: "scores"), scores),
      (RankingLoss(prediction: "scores", groups: "groups"), scores),
      (RankingLoss(prediction: "scores", groups: "groups", form: .listwise, sharpness: 2), scores),
      (RankingLoss(prediction: "scores"), scores),
      (RelationLoss(student: "hidden", teacherWidth: 3, neighbours: 4), hidden(2)),
      (ContrastiveLoss(student: "hidden", teacherWidth: 3, width: 4, temperature: 0.5), hidden(2)),
    ]
  }

  private static func inputs(rows: Int, _ loss: any Loss) -> [String: Tensor] {
    let everything = [
      "scores": Tensor.normal([rows], seed: 1), "target": .normal([rows], seed: 2),
      "groups": Tensor((0..<rows).map { Int64($0 % 2) }), "hidden": .normal([rows, 2], seed: 3),
      "teacherHidden": .normal([rows, 3], seed: 4),
    ]
    let wanted: Set<String> =
      switch loss {
      case let ranking as RankingLoss: ranking.groups == nil ? ["scores", "target"] : ["scores", "target", "groups"]
      case is CorrelationLoss: ["scores", "target"]
      default: ["hidden", "teacherHidden"]
      }
    return everything.filter { wanted.contains($0.key) }
  }

  @Test func gradientsMatchFiniteDifferences() throws {
    for (loss, values) in Self.all() {
      let name = values.keys.first ?? ""
      try LossProbe(loss, on: values, rows: 7).checkGradient(by: name, Self.inputs(rows: 7, loss))
    }
  }

  /// Epochs leave batches of any size over.
  @Test func aBatchOfOneOrTwoRowsHasAFiniteLossAndGradient() throws {
    for (loss, values) in Self.all() {
      for rows in 1...2 {
        let probe = try LossProbe(loss, on: values, rows: rows)
        let (value, gradient) = try probe.executed(by: values.keys.first ?? "", Self.inputs(rows: rows, loss))
        #expect(value.isFinite && gradient.allSatisfy(\.isFinite), "\(loss)")
      }
    }
  }

  @Test func allOfThemSayThatTheyMixRowsAndAWeightedSumOfOneToo() {
    #expect(Self.all().allSatisfy { $0.loss.mixesRows })
    #expect(WeightedSum([(1, CrossEntropy()), (0.1, CorrelationLoss(prediction: "scores"))]).mixesRows)
    #expect(!WeightedSum([(1, CrossEntropy()), (1, MeanSquaredError(prediction: "scores"))]).mixesRows)
  }

  @Test func correlationIsByHand() throws {
    let probe = try LossProbe(CorrelationLoss(prediction: "scores"), on: Self.scores, rows: 3)
    func loss(_ x: [Float], _ y: [Float]) throws -> Double { try probe.value(["scores": Tensor(x), "target": Tensor(y)]) }
    // Deviations (−1, 0, 1) and (−1, 1, 0): r = 1/2.
    #expect(abs(try loss([1, 2, 3], [0, 2, 1]) - 0.5) < 1e-6)
    #expect(abs(try loss([10, 20, 30], [3, 2, 1]) - 2) < 1e-6)
    // What does not vary has no correlation, and pulls with finite force.
    let flat = ["scores": Tensor([Float(2), 2, 2]), "target": Tensor([Float(0), 2, 1])]
    #expect(abs(try probe.value(flat) - 1) < 1e-12)
    #expect(try probe.executed(by: "scores", flat).gradient.allSatisfy(\.isFinite))
  }

  @Test func columnsCountTheSameInACorrelation() throws {
    let probe = try LossProbe(CorrelationLoss(prediction: "x"), on: ["x": ValueType(.float32, ["batch", 2])], rows: 3)
    let x = Tensor([Float(1), 3, 2, 2, 3, 1], shape: [3, 2])
    let y = Tensor([Float(0), 1, 2, 2, 1, 3], shape: [3, 2])
    // r = 1/2 and −1.
    #expect(abs(try probe.value(["x": x, "target": y]) - 1.25) < 1e-6)
  }

  @Test func pairsOfAGroupAreRankedAndEachGroupCountsTheSame() throws {
    let probe = try LossProbe(RankingLoss(prediction: "scores", groups: "groups"), on: Self.scores, rows: 6)
    let inputs = [
      "scores": Tensor([Float(0), 1, 3, 0.5, 2, 9]), "target": Tensor([Float(1), 2, 3, 5, 4, 0]),
      "groups": Tensor([Int64(7), 7, 7, -1, -1, 4]),
    ]
    func softplus(_ x: Double) -> Double { log(1 + exp(x)) }
    // Group 7 has three pairs, in order by 1, 2 and 3; group −1 has one, in the wrong order by 1.5; group 4 none.
    let expected = ((softplus(-1) + softplus(-2) + softplus(-3)) / 3 + softplus(1.5)) / 2
    #expect(abs(try probe.value(inputs) - expected) < 1e-6)
  }

  @Test func listsOfAGroupAreComparedAsDistributions() throws {
    let loss = RankingLoss(prediction: "scores", groups: "groups", form: .listwise)
    let probe = try LossProbe(loss, on: Self.scores, rows: 5)
    let inputs = [
      "scores": Tensor([Float(0), 0, log(3), 0, 5]), "target": Tensor([Float(0), log(3), 0, 0, 1]),
      "groups": Tensor([Int64(0), 0, 1, 1, 2]),
    ]
    // Wanted (1/4, 3/4) and (1/2, 1/2), found (1/2, 1/2) and (3/4, 1/4); the last is alone.
    let expected = (log(2) - 0.5 * (log(0.75) + log(0.25))) / 2
    #expect(abs(try probe.value(inputs) - expected) < 1e-6)
  }

  @Test func distancesAreComparedByTheirMeans() throws {
    let loss = RelationLoss(student: "hidden", teacherWidth: 1, angleWeight: 0)
    let probe = try LossProbe(loss, on: Self.hidden(1), rows: 3)
    // Distances 1, 3, 2 with mean 2 and 2, 4, 2 with mean 8/3.
    let inputs = ["hidden": Tensor([Float(0), 1, 3], shape: [3, 1]), "teacherHidden": Tensor([Float(0), 2, 4], shape: [3, 1])]
    let differences = [0.5 - 0.75, 1.5 - 1.5, 1 - 0.75]
    #expect(abs(try probe.value(inputs) - differences.reduce(0) { $0 + $1 * $1 / 2 } / 3) < 1e-6)
    // Whatever moves, stretches and turns all rows alike changes nothing.
    let alike = ["hidden": Tensor([Float(5), 3, 1], shape: [3, 1]), "teacherHidden": Tensor([Float(0), 2, 4], shape: [3, 1])]
    #expect(abs(try probe.value(alike)) < 1e-9)
  }

  @Test func anglesOfAllTriplesAreComparedWhereAllRowsAreNeighbours() throws {
    let loss = RelationLoss(student: "hidden", teacherWidth: 2, distanceWeight: 0, angleWeight: 1, neighbours: 3)
    let probe = try LossProbe(loss, on: Self.hidden(2), rows: 4)
    let (s, t) = (Tensor.normal([4, 2], seed: 5), Tensor.normal([4, 2], seed: 6))
    func cosine(_ tensor: Tensor, _ j: Int, _ i: Int, _ k: Int) -> Double {
      let x = tensor.doubles
      func direction(_ to: Int) -> [Double] {
        let d = [x[2 * to] - x[2 * i], x[2 * to + 1] - x[2 * i + 1]]
        let length = (d[0] * d[0] + d[1] * d[1]).squareRoot()
        return [d[0] / length, d[1] / length]
      }
      let (a, b) = (direction(j), direction(k))
      return a[0] * b[0] + a[1] * b[1]
    }
    var sum = 0.0
    var count = 0.0
    for i in 0..<4 {
      for j in 0..<4 where j != i {
        for k in 0..<4 where k != i && k != j {
          let d = abs(cosine(s, j, i, k) - cosine(t, j, i, k))
          sum += d <= 1 ? d * d / 2 : d - 0.5
          count += 1
        }
      }
    }
    #expect(abs(try probe.value(["hidden": s, "teacherHidden": t]) - sum / count) < 1e-9)
  }

  @Test func contrastIsTheEntropyOfTellingRowsApart() throws {
    let loss = ContrastiveLoss(student: "hidden", teacherWidth: 3, width: 4, temperature: 0.5)
    let probe = try LossProbe(loss, on: Self.hidden(2), rows: 5)
    // Rows that are all the same cannot be told apart.
    let same = ["hidden": Tensor([Float](repeating: 1, count: 10), shape: [5, 2]), "teacherHidden": .normal([5, 3], seed: 1)]
    #expect(try probe.value(same) > log(5) - 1e-9)
    let constant = ["hidden": Tensor.normal([5, 2], seed: 1), "teacherHidden": Tensor([Float](repeating: 1, count: 15), shape: [5, 3])]
    #expect(abs(try probe.value(constant) - log(5)) < 1e-6)
  }

  @Test func theTeachersOwnRowIsTheOneToBeFound() throws {
    let loss = ContrastiveLoss(student: "hidden", teacherWidth: 3, width: 4, temperature: 0.5)
    let probe = try LossProbe(loss, on: Self.hidden(2), rows: 3)
    let (s, t) = (Tensor.normal([3, 2], seed: 7), Tensor.normal([3, 3], seed: 8))
    func units(_ tensor: Tensor, _ map: Tensor) -> [[Double]] {
      let (x, m) = (tensor.doubles, map.doubles)
      return (0..<3).map { row in
        let z = (0..<4).map { c in (0..<map.shape[0]).reduce(0) { $0 + x[row * map.shape[0] + $1] * m[$1 * 4 + c] } }
        let length = z.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return z.map { $0 / length }
      }
    }
    let z = units(s, try #require(probe.parameters["contrast.student"]))
    let u = units(t, try #require(probe.parameters["contrast.teacher"]))
    let expected = (0..<3).reduce(0.0) { sum, i in
      let scores = u.map { zip(z[i], $0).reduce(0) { $0 + $1.0 * $1.1 } / 0.5 }
      return sum + log(scores.reduce(0) { $0 + exp($1) }) - scores[i]
    } / 3
    #expect(abs(try probe.value(["hidden": s, "teacherHidden": t]) - expected) < 1e-9)
  }

  @Test func settingsThatMakeNoSenseAreRefused() throws {
    let refused: [(any Loss, [String: ValueType])] = [
      (CorrelationLoss(prediction: "scores", epsilon: 0), Self.scores),
      (RankingLoss(prediction: "hidden"), Self.hidden(2)), (RankingLoss(prediction: "scores", sharpness: 0), Self.scores),
      (RelationLoss(student: "hidden", teacherWidth: 0), Self.hidden(2)),
      (RelationLoss(student: "hidden", teacherWidth: 2, distanceWeight: 0, angleWeight: 0), Self.hidden(2)),
      (RelationLoss(student: "hidden", teacherWidth: 2, neighbours: 1), Self.hidden(2)),
      (ContrastiveLoss(student: "hidden", teacherWidth: 2, temperature: 0), Self.hidden(2)),
      (ContrastiveLoss(student: "hidden", teacherWidth: 2, width: 0), Self.hidden(2)),
    ]
    for (loss, values) in refused { #expect(throws: TrainingError.self) { try LossProbe(loss, on: values, rows: 4) } }
  }
}
