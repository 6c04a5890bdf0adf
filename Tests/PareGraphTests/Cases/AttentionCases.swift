import PareGraph
import PareTensor

extension OperatorCases {
  static let attention: [OperatorCase] = attentions + rotations + rowNormalizations

  private static func part(_ shape: Shape, _ seed: UInt64) -> OperatorCase.Operand { .variable(.sample(shape, seed: seed)) }

  private static let bools = Tensor([true, false, true, true, true, false, false, false, false, true, true, true], shape: [3, 4])

  // A score of depth 3 carries 5 roundings on at most 3 · 4 / √3 < 7, a mask one more on 9: below 50u in the exponent on
  // either side of the quotient, 4 keys' sum and the product with V 16 more; Y is at most 2.
  private static let attentionRounding = OperatorCase.Rounding(120, upTo: 2)

  private static let attentions: [OperatorCase] = [
    OperatorCase(
      "Attention", "of heads", [part([2, 2, 3, 3], 1), part([2, 2, 4, 3], 2), part([2, 2, 4, 2], 3)],
      rounding: attentionRounding),
    OperatorCase(
      "Attention", "of merged heads, grouped, causal", [part([2, 3, 12], 1), part([2, 3, 6], 2), part([2, 3, 4], 3)],
      ["q_num_heads": .int(4), "kv_num_heads": .int(2), "is_causal": .int(1)], rounding: attentionRounding),
    OperatorCase(
      "Attention", "with a bool mask and a scale",
      [part([1, 2, 3, 3], 1), part([1, 2, 4, 3], 2), part([1, 2, 4, 2], 3), .constant(bools)], ["scale": .float(0.25)],
      rounding: attentionRounding),
    OperatorCase(
      "Attention", "with a shorter mask, a past and every output",
      [
        part([1, 2, 2, 3], 1), part([1, 2, 2, 3], 2), part([1, 2, 2, 2], 3), part([2, 1, 3], 4), part([1, 2, 2, 3], 5),
        part([1, 2, 2, 2], 6),
      ], ["softmax_precision": .int(11)], outputs: 4, rounding: attentionRounding),
    OperatorCase(
      "Attention", "yielding capped scores",
      [part([1, 1, 2, 3], 1), part([1, 1, 3, 3], 2), part([1, 1, 3, 2], 3), part([2, 3], 4)],
      ["softcap": .float(1.5), "qk_matmul_output_mode": .int(1)], outputs: 4, rounding: attentionRounding),
    OperatorCase(
      "Attention", "yielding masked scores",
      [part([1, 1, 2, 3], 1), part([1, 1, 3, 3], 2), part([1, 1, 3, 2], 3), part([2, 3], 4)],
      ["softcap": .float(1.5), "qk_matmul_output_mode": .int(2)], outputs: 4, rounding: attentionRounding),
    OperatorCase(
      "Attention", "yielding probabilities, of padded keys, in a window",
      [
        part([2, 1, 2, 3], 1), part([2, 1, 4, 3], 2), part([2, 1, 4, 2], 3), .absent, .absent, .absent,
        .constant(Tensor([4, 1] as [Int64])),
      ], ["left_window_size": .int(1), "right_window_size": .int(0), "qk_matmul_output_mode": .int(3)], outputs: 4,
      rounding: attentionRounding),
    // dP is at most 2 · 4, Σ |dS| at most 16, with twice the weights' roundings; dK collects 0.6 · 2 · 16 from 2 queries.
    OperatorCase(
      "pare.AttentionGradient", "",
      [
        part([1, 1, 2, 2], 7), part([1, 1, 4, 3], 8), part([1, 1, 4, 2], 9), part([1, 1, 2, 4], 10), part([1, 1, 2, 3], 1),
        part([1, 1, 2, 3], 2), part([1, 1, 2, 2], 3), part([2, 4], 4), part([1, 1, 2, 3], 5), part([1, 1, 2, 2], 6), .absent,
      ], outputs: 6, rounding: .init(260, upTo: 40)),
    OperatorCase(
      "pare.AttentionGradient", "of merged heads, without a mask",
      [
        part([2, 3, 4], 7), .absent, .absent, .absent, part([2, 3, 6], 1), part([2, 3, 3], 2), part([2, 3, 2], 3), .absent,
        .absent, .absent, .absent,
      ], ["q_num_heads": .int(2), "kv_num_heads": .int(1)], outputs: 3, rounding: .init(260, upTo: 120)),
  ]

  // Two products and their sum; by the caches, sums over heads.
  private static let rotations: [OperatorCase] = [
    OperatorCase(
      "RotaryEmbedding", "of heads, by position",
      [part([2, 2, 3, 4], 1), part([5, 2], 2), part([5, 2], 3), .constant(Tensor([0, 1, 2, 4, 4, 0] as [Int64], shape: [2, 3]))],
      rounding: .init(2, upTo: 8)),
    OperatorCase(
      "RotaryEmbedding", "of merged heads, interleaved, in part",
      [part([2, 2, 12], 1), part([2, 2, 2], 2), part([2, 2, 2], 3)],
      ["num_heads": .int(2), "rotary_embedding_dim": .int(4), "interleaved": .int(1)], rounding: .init(2, upTo: 8)),
    OperatorCase(
      "pare.RotaryEmbeddingGradient", "",
      [part([1, 2, 2, 4], 4), part([1, 2, 2, 4], 1), part([1, 2, 2], 2), part([1, 2, 2], 3)], outputs: 3,
      rounding: .init(4, upTo: 16)),
  ]

  // The mean of at most 12 numbers and the squares around it, 30 roundings that count half under the root, on rows that
  // are normalized to at most √12.
  private static let rowNormalizations: [OperatorCase] = [
    OperatorCase(
      "LayerNormalization", "of the last axis", [part([3, 4], 1), part([4], 2), part([4], 3)], rounding: .init(30, upTo: 9)),
    OperatorCase(
      "LayerNormalization", "with statistics", [part([2, 3, 4], 1), part([3, 4], 2), part([4], 3)],
      ["axis": .int(1), "epsilon": .float(0.1)], outputs: 3, rounding: .init(30, upTo: 9)),
    OperatorCase(
      "LayerNormalization", "without a bias, a scale for each row", [part([2, 3, 4], 1), part([3, 1], 2)],
      ["axis": .int(-1)], rounding: .init(30, upTo: 9)),
    OperatorCase("RMSNormalization", "of the last axis", [part([3, 4], 1), part([4], 2)], rounding: .init(30, upTo: 9)),
    OperatorCase(
      "RMSNormalization", "of two axes", [part([2, 3, 4], 1), part([1, 4], 2)], ["axis": .int(1), "epsilon": .float(0.2)],
      rounding: .init(30, upTo: 9)),
    // 1 / r is at least 0.3 for these samples, and the terms of G at most 4 · √4 in magnitude.
    OperatorCase(
      "pare.LayerNormalizationGradient", "",
      [part([3, 4], 4), part([3, 4], 1), part([4], 2), part([4], 3), part([3, 1], 5), part([3, 1], 6)], outputs: 3,
      rounding: .init(80, upTo: 60)),
    OperatorCase(
      "pare.RMSNormalizationGradient", "", [part([3, 4], 4), part([3, 4], 1), part([4], 2)], outputs: 2,
      rounding: .init(80, upTo: 60)),
    // Products of depth K with one matrix on the right: K roundings on at most 4 · K.
    OperatorCase("MatMul", "of a stack by a matrix", [part([2, 3, 4], 1), part([4, 2], 2)], rounding: .init(4, upTo: 16)),
    OperatorCase(
      "MatMul", "of stacked stacks by a matrix", [part([2, 2, 3, 4], 1), part([4, 2], 2)], rounding: .init(4, upTo: 16)),
  ]
}
