import Foundation
import PareGraph
import PareTensor
import PareTraining
import Testing

/// Terms on graphs between symbols, and on reasons: by hand and against differences.
struct AdjacencyLossTests {
  private static let places: [PareGraph.Dimension] = ["batch", 2, 3]
  private static let values = [
    "loading": ValueType(.float32, places + [2]), "share": ValueType(.float32, ["batch", 2, 2, 3]), "mask": ValueType(.float32, places),
  ]

  /// Rows that add up to 1.
  private static func stochastic(_ shape: Shape, seed: UInt64) -> Tensor {
    var values = Tensor.normal(shape, seed: seed).values(as: Float.self).map { exp($0) }
    let width = shape[shape.rank - 1]
    for start in stride(from: 0, to: values.count, by: width) {
      let sum = values[start..<start + width].reduce(0, +)
      for place in start..<start + width { values[place] /= sum }
    }
    return Tensor(values, shape: shape)
  }

  private static let inputs = [
    "loading": stochastic([2, 2, 3, 2], seed: 1), "share": stochastic([2, 2, 2, 3], seed: 2),
    "teacher.loading": stochastic([2, 2, 3, 4], seed: 3), "teacher.share": stochastic([2, 2, 4, 3], seed: 4),
    "mask": Tensor([1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1].map { Float($0) }, shape: [2, 2, 3]),
  ]

  /// `A = P Qᵀ` of a day.
  private func adjacency(_ loading: Tensor, _ share: Tensor, day: Int) -> [[Double]] {
    let (p, q, rank) = (loading.doubles, share.doubles, loading.shape[3])
    return (0..<3).map { i in
      (0..<3).map { j in (0..<rank).reduce(0) { $0 + p[(day * 3 + i) * rank + $1] * q[(day * rank + $1) * 3 + j] } }
    }
  }

  private var adjacencies: (student: [[[Double]]], teacher: [[[Double]]]) {
    func all(_ loading: String, _ share: String) -> [[[Double]]] {
      (0..<4).map { adjacency(Self.inputs[loading] ?? .normal([1], seed: 0), Self.inputs[share] ?? .normal([1], seed: 0), day: $0) }
    }
    return (all("loading", "share"), all("teacher.loading", "teacher.share"))
  }

  @Test func theDivergenceIsTheMeanOverSymbolsThatAreThere() throws {
    let mask = try #require(Self.inputs["mask"]).doubles
    let (student, teacher) = adjacencies
    let days = (0..<4).map { day -> Double in
      let rows = (0..<3).map { i in (0..<3).reduce(0) { $0 + teacher[day][i][$1] * log(teacher[day][i][$1] / student[day][i][$1]) } }
      return (0..<3).reduce(0) { $0 + mask[day * 3 + $1] * rows[$1] } / mask[day * 3..<day * 3 + 3].reduce(0, +)
    }
    let probe = try LossProbe(AdjacencyDivergence(AdjacencyValues(teacherRank: 4)), on: Self.values, rows: 2)
    #expect(abs(try probe.value(Self.inputs) - days.reduce(0, +) / 4) < 1e-6)
    var same = Self.inputs
    (same["teacher.loading"], same["teacher.share"]) = (same["loading"], same["share"])
    #expect(abs(try LossProbe(AdjacencyDivergence(AdjacencyValues(teacherRank: 2)), on: Self.values, rows: 2).value(same)) < 1e-9)
  }

  @Test func theChangeIsThatOfADayToTheNextOverTheTeachers() throws {
    let (student, teacher) = adjacencies
    func change(_ graph: [[[Double]]], _ row: Int) -> [Double] { zip(graph[2 * row + 1].flatMap { $0 }, graph[2 * row].flatMap { $0 }).map { $0 - $1 } }
    let rows = (0..<2).map { row -> Double in
      let (own, wanted) = (change(student, row), change(teacher, row))
      return zip(own, wanted).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / wanted.reduce(0) { $0 + $1 * $1 }
    }
    let probe = try LossProbe(AdjacencyChange(AdjacencyValues(teacherRank: 4)), on: Self.values, rows: 2)
    #expect(abs(try probe.value(Self.inputs) - (rows[0] + rows[1]) / 2) < 1e-6)
  }

  @Test func relationsAreSquaredDifferencesOfCosines() throws {
    let (own, taught) = (Tensor.normal([1, 1, 3, 2], seed: 5), Tensor.normal([1, 1, 3, 4], seed: 6))
    func cosine(_ tensor: Tensor, _ i: Int, _ j: Int) -> Double {
      let (values, width) = (tensor.doubles, tensor.shape[3])
      func product(_ a: Int, _ b: Int) -> Double { (0..<width).reduce(0) { $0 + values[a * width + $1] * values[b * width + $1] } }
      return product(i, j) / (product(i, i) * product(j, j)).squareRoot()
    }
    // The second symbol is absent.
    var sum = 0.0
    for i in [0, 2] { for j in [0, 2] { sum += pow(cosine(own, i, j) - cosine(taught, i, j), 2) } }
    let probe = try LossProbe(
      EmbeddingRelations(teacherWidth: 4), on: ["embedding": ValueType(.float32, ["batch", 1, 3, 2]), "mask": ValueType(.float32, ["batch", 1, 3])],
      rows: 1)
    let inputs = ["embedding": own, "teacher.embedding": taught, "mask": Tensor([1, 0, 1].map { Float($0) }, shape: [1, 1, 3])]
    #expect(abs(try probe.value(inputs) - sum / 4) < 1e-6)
    try probe.checkGradient(by: "embedding", inputs)
  }

  @Test func gradientsMatchFiniteDifferences() throws {
    let values = AdjacencyValues(teacherRank: 4)
    for loss in [AdjacencyDivergence(values), AdjacencyChange(values)] as [any Loss] {
      for name in ["loading", "share"] { try LossProbe(loss, on: Self.values, rows: 2).checkGradient(by: name, Self.inputs) }
    }
  }
}
