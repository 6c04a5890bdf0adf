import Foundation
import PareGraph
import PareTensor
import Testing

/// Attention, rotary embeddings and the normalizations that go with them.
struct AttentionTests {
  private func double(_ shape: Shape, seed: UInt64) -> Tensor {
    Tensor(Tensor.sample(shape, seed: seed).doubles, shape: shape)
  }

  private func run(
    _ name: OperatorName, _ operands: [OperatorCase.Operand], _ attributes: [String: Attribute] = [:], outputs: Int = 1
  ) throws -> [Tensor] {
    try OperatorCase(name, "", operands, attributes, outputs: outputs).evaluate()
  }

  @Test func attentionIsItsDecomposition() throws {
    let (q, k, v) = (double([2, 3, 5, 4], seed: 1), double([2, 3, 6, 4], seed: 2), double([2, 3, 6, 2], seed: 3))
    let mask = double([2, 1, 5, 6], seed: 4)
    let fused = try run("Attention", [.variable(q), .variable(k), .variable(v), .variable(mask)], ["scale": .float(0.3)])
    var builder = GraphBuilder(name: "decomposed")
    for (name, tensor) in [("q", q), ("k", k), ("v", v), ("mask", mask)] { _ = try builder.input(name, ValueType(tensor)) }
    let keys = try builder.apply("Transpose", ["k"], attributes: ["perm": .ints([0, 1, 3, 2])])
    let scaled = try builder.apply("Mul", ["q", builder.constant(Tensor(scalar: 0.3))])
    let scores = try builder.apply("Add", [builder.apply("MatMul", [scaled, keys]), "mask"])
    let y = try builder.apply("MatMul", [builder.apply("Softmax", [scores]), "v"])
    try builder.output(y)
    let expected = try ReferenceEvaluator(builder.graph).run(["q": q, "k": k, "v": v, "mask": mask])[y]
    for (a, b) in zip(fused[0].doubles, try #require(expected).doubles) { #expect(abs(a - b) <= 200 * 0x1p-53) }
  }

  @Test func mergedHeadsAreTheSameHeads() throws {
    let merged = ["q_num_heads": Attribute.int(4), "kv_num_heads": .int(2)]
    let (q, k, v) = (double([2, 3, 8], seed: 1), double([2, 5, 4], seed: 2), double([2, 5, 6], seed: 3))
    func apart(_ x: Tensor, _ heads: Int) throws -> Tensor {
      let split = x.reshaped(to: [x.shape[0], x.shape[1], heads, x.shape[2] / heads])
      return try run("Transpose", [.variable(split)], ["perm": .ints([0, 2, 1, 3])])[0]
    }
    let expected = try run("Attention", [.variable(apart(q, 4)), .variable(apart(k, 2)), .variable(apart(v, 2))])[0]
    let found = try run("Attention", [.variable(q), .variable(k), .variable(v)], merged)[0]
    let parts = try apart(found, 4)
    #expect(parts == expected)
  }

  @Test func aPastContinuesTheSequence() throws {
    let (q, k, v) = (double([1, 2, 4, 3], seed: 1), double([1, 2, 4, 3], seed: 2), double([1, 2, 4, 3], seed: 3))
    let whole = try run("Attention", [.variable(q), .variable(k), .variable(v)], ["is_causal": .int(1)], outputs: 3)
    func rows(_ x: Tensor, _ range: Range<Int64>) throws -> Tensor {
      let sizes = Tensor([range.lowerBound, range.upperBound - range.lowerBound, 4 - range.upperBound])
      return try run("Split", [.variable(x), .constant(sizes)], ["axis": .int(2)], outputs: 3)[1]
    }
    let last = try run(
      "Attention",
      [
        .variable(rows(q, 3..<4)), .variable(rows(k, 3..<4)), .variable(rows(v, 3..<4)), .absent, .variable(rows(k, 0..<3)),
        .variable(rows(v, 0..<3)),
      ], ["is_causal": .int(1)], outputs: 3)
    let expected = try rows(whole[0], 3..<4)
    #expect(last[0] == expected)
    #expect(last[1] == k && last[2] == v)
  }

  @Test func aQueryThatSeesNothingYieldsZeros() throws {
    let operands: [OperatorCase.Operand] = [
      .variable(double([1, 1, 2, 3], seed: 1)), .variable(double([1, 1, 2, 3], seed: 2)), .variable(double([1, 1, 2, 3], seed: 3)),
      .constant(Tensor([false, false, true, false], shape: [2, 2])),
    ]
    let results = try run("Attention", operands, ["qk_matmul_output_mode": .int(3)], outputs: 4)
    #expect(results[0].doubles.prefix(3) == [0, 0, 0] && results[3].doubles == [0, 0, 1, 0])
    #expect(results[0].doubles.suffix(3) == operands[2].tensor?.doubles.prefix(3))
  }

  @Test func lengthsThatNobodyMeantAreNoTrap() throws {
    for length in [Int64.min, -1, 0, 1, 99, .max] {
      let results = try run(
        "Attention",
        [
          .variable(double([1, 1, 2, 3], seed: 1)), .variable(double([1, 1, 2, 3], seed: 2)),
          .variable(double([1, 1, 2, 3], seed: 3)), .absent, .absent, .absent, .constant(Tensor([length])),
        ], ["is_causal": .int(1), "left_window_size": .int(.max)])
      #expect(results[0].doubles.allSatisfy { $0.isFinite })
    }
  }

  @Test func whatDoesNotGoTogetherIsRefused() throws {
    let (q, k, v) = (double([2, 3, 8], seed: 1), double([2, 5, 4], seed: 2), double([2, 5, 6], seed: 3))
    func refuses(_ operands: [Tensor?], _ attributes: [String: Attribute], _ name: OperatorName = "Attention") {
      let operands = operands.map { $0.map(OperatorCase.Operand.variable) ?? .absent }
      #expect(throws: GraphError.self) { try run(name, operands, attributes) }
    }
    let heads = ["q_num_heads": Attribute.int(4), "kv_num_heads": .int(2)]
    refuses([q, k, v], [:])
    refuses([q, k, v], ["q_num_heads": .int(0), "kv_num_heads": .int(2)])
    refuses([q, k, v], ["q_num_heads": .int(-4), "kv_num_heads": .int(2)])
    refuses([q, k, v], ["q_num_heads": .int(3), "kv_num_heads": .int(2)])
    refuses([q, k, v, double([3, 6], seed: 1)], heads)
    refuses([q, k, v, double([2, 2, 2, 3, 5], seed: 1)], heads)
    refuses([q, k, v, Tensor([Int64(1)])], heads)
    refuses([q, k, v, nil, double([2, 2, 1, 2], seed: 1)], heads)
    refuses([q, k, v], heads.merging(["qk_matmul_output_mode": .int(4)]) { $1 })
    refuses([q, k, v], heads.merging(["left_window_size": .int(-2)]) { $1 })
    refuses([q, k, v], heads.merging(["softmax_precision": .int(7)]) { $1 })
    refuses([q, double([5, 2], seed: 1), double([5, 2], seed: 1)], ["num_heads": .int(5)], "RotaryEmbedding")
    refuses([q, double([2, 3, 1], seed: 1), double([2, 3, 1], seed: 1)], ["num_heads": .int(2), "rotary_embedding_dim": .int(3)], "RotaryEmbedding")
    refuses([q, double([9], seed: 1)], [:], "RMSNormalization")
    refuses([q, double([8], seed: 1)], ["axis": .int(3)], "LayerNormalization")
  }

  @Test func aPositionOutsideTheTableIsNamed() throws {
    for bad in [Int64(-1), 5, .max] {
      let subject = OperatorCase(
        "RotaryEmbedding", "",
        [
          .variable(double([1, 1, 1, 4], seed: 1)), .variable(double([5, 2], seed: 2)), .variable(double([5, 2], seed: 3)),
          .variable(Tensor([bad], shape: [1, 1])),
        ])
      #expect(throws: GraphError.self) { try subject.evaluate() }
    }
  }

  @Test func aRotationKeepsTheLengthOfAHead() throws {
    let x = double([1, 1, 1, 4], seed: 1)
    let angles = [0.3, 2.1]
    let (c, s) = (angles.map { cos($0) }, angles.map { sin($0) })
    let y = try run(
      "RotaryEmbedding", [.variable(x), .variable(Tensor(c, shape: [1, 1, 2])), .variable(Tensor(s, shape: [1, 1, 2]))])[0].doubles
    let (before, after) = (x.doubles.reduce(0) { $0 + $1 * $1 }, y.reduce(0) { $0 + $1 * $1 })
    #expect(abs(before - after) <= 16 * 0x1p-53 * before)
    #expect(y[0] == c[0] * x.doubles[0] - s[0] * x.doubles[2])
  }

  @Test func aNormalizedRowHasMeanZeroAndVarianceOne() throws {
    let x = double([3, 8], seed: 1)
    let ones = OperatorCase.Operand.variable(Tensor([Double](repeating: 1, count: 8)))
    let results = try run("LayerNormalization", [.variable(x), ones], ["epsilon": .float(0)], outputs: 3)
    for row in 0..<3 {
      let y = results[0].doubles[row * 8..<row * 8 + 8]
      #expect(abs(y.reduce(0, +)) < 1e-14 && abs(y.reduce(0) { $0 + $1 * $1 } - 8) < 1e-13)
    }
    let mean = x.doubles.prefix(8).reduce(0, +) / 8
    #expect(abs(results[1].doubles[0] - mean) < 1e-7)
    let roots = try run("RMSNormalization", [.variable(x), ones], ["epsilon": .float(0)])[0].doubles
    #expect(abs(roots.prefix(8).reduce(0) { $0 + $1 * $1 } - 8) < 1e-13)
  }

  @Test func integerProductsWrapAround() throws {
    let a = Tensor([Int32.max, 2, -3, 4], shape: [2, 2])
    let y = try run("MatMul", [.variable(a), .variable(Tensor([2, 1] as [Int32]))])[0]
    #expect(y.values(as: Int32.self) == [0, -2])
    let b = Tensor([UInt64.max, 1], shape: [1, 2])
    #expect(try run("MatMul", [.variable(b), .variable(Tensor([2, 5] as [UInt64], shape: [2, 1]))])[0].values(as: UInt64.self) == [3])
    let c = Tensor([UInt32.max, 1], shape: [1, 2])
    #expect(try run("MatMul", [.variable(c), .variable(Tensor([2, 5] as [UInt32], shape: [2, 1]))])[0].values(as: UInt32.self) == [3])
    let d = Tensor([Int64.min, 1], shape: [1, 2])
    #expect(try run("MatMul", [.variable(d), .variable(Tensor([3, 5] as [Int64], shape: [2, 1]))])[0].values(as: Int64.self) == [Int64.min + 5])
  }
}
