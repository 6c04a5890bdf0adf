import PareCompression
import PareGraph
import PareTensor

/// Networks whose channels pass through operators that take parts, attend, or put something beside: a quarter of them dead, as in
/// `StructuredPruningTests`.
enum StructuredOperatorCases {
  typealias Case = StructuredPruningTests.Case
  typealias Builder = StructuredPruningTests.Builder

  static let all = [gatedBySplit, gatedBySlices, fused, grouped, apart, lettered, grouping, summed]

  /// 16 outputs of which each half loses two.
  private static func halves(_ b: inout Builder) throws -> String {
    let x = try b.builder.input("x", ValueType(.float32, ["batch", 6]))
    let (w, bias) = (try b.weight("one.w", [16, 6], dead: 0, blocks: 2), try b.weight("one.b", [16], dead: 0, blocks: 2))
    return try b.builder.apply("Gemm", [x, w, bias], attributes: ["transB": .int(1)], name: "one")
  }

  private static func gate(_ b: inout Builder, _ left: String, _ right: String) throws {
    let opening = try b.builder.apply("Sigmoid", [right], name: "opening")
    let gated = try b.builder.apply("Mul", [left, opening], name: "gated")
    try b.builder.output(b.dense(gated, 8, 3, "last", dead: false, output: "y"))
  }

  static let gatedBySplit = Case(
    name: "halves by Split, one the gate of the other",
    model: {
      var b = Builder("split")
      try b.builder.append(Node("Split", name: "split", inputs: [halves(&b)], outputs: ["left", "right"], attributes: ["axis": .int(-1)]))
      try gate(&b, "left", "right")
      return Model(graph: b.builder.graph)
    }, inputs: ["x": [6]], shapes: ["one.w": [12, 6], "one.b": [12], "last.w": [3, 6]])

  static let gatedBySlices = Case(
    name: "halves by Slice, one the gate of the other",
    model: {
      var b = Builder("slices")
      let both = try halves(&b)
      func part(_ start: Int64, _ end: Int64, _ name: String) throws -> String {
        let places = try [start, end, -1].map { try b.builder.constant(Tensor([$0]), named: "\(name).place") }
        return try b.builder.apply("Slice", [both] + places, name: name)
      }
      try gate(&b, part(0, 8, "left"), part(-8, .max, "right"))
      return Model(graph: b.builder.graph)
    }, inputs: ["x": [6]], shapes: ["one.w": [12, 6], "one.b": [12], "last.w": [3, 6]])

  static let fused = Case(
    name: "attention over parts of one projection",
    model: {
      var b = Builder("fused")
      let x = try b.builder.input("x", ValueType(.float32, ["batch", 6, 8]))
      let all = try b.builder.apply("MatMul", [x, b.weight("all.w", [8, 36], dead: 1, blocks: 3)], name: "all")
      try b.builder.append(Node("Split", name: "split", inputs: [all], outputs: ["q", "k", "v"], attributes: ["axis": .int(2), "num_outputs": .int(3)]))
      let mixed = try b.builder.apply(
        "Attention", ["q", "k", "v"], attributes: ["q_num_heads": .int(4), "kv_num_heads": .int(4)], name: "attention")
      let out = try b.builder.apply("MatMul", [mixed, b.weight("out.w", [12, 8])], name: "out")
      let beside = try b.builder.apply("Add", [x, out], name: "beside")
      try b.builder.output(b.dense(b.builder.apply("Flatten", [beside], name: "flat"), 48, 2, "last", dead: false, output: "y"))
      return Model(graph: b.builder.graph)
    }, inputs: ["x": [6, 8]], shapes: ["all.w": [8, 27], "out.w": [9, 8]])

  static let grouped = Case(
    name: "attention of eight heads over four of keys, turned by places",
    model: {
      var b = Builder("grouped")
      let x = try b.builder.input("x", ValueType(.float32, ["batch", 6, 8]))
      // Places 0 … 5 for every row, as integers.
      let sum = try b.builder.apply(
        "ReduceSum", [x, b.builder.constant(Tensor([Int64(2)]))], attributes: ["keepdims": .int(0)], name: "sum")
      let zero = try b.builder.apply("Sub", [sum, sum], name: "zero")
      let whole = try b.builder.apply("Cast", [zero], attributes: ["to": .int(7)], name: "whole")
      let places = try b.builder.apply("Add", [whole, b.builder.constant(Tensor((0..<6).map { Int64($0) }))], name: "places")
      let tables = try ["cosines", "sines"].map { try b.weight($0, [6, 1]) }
      func projection(_ name: String, _ width: Int) throws -> String {
        try b.builder.apply("MatMul", [x, b.weight("\(name).w", [8, width], dead: 1)], name: name)
      }
      func turned(_ value: String, _ heads: Int) throws -> String {
        try b.builder.apply(
          "RotaryEmbedding", [value] + tables + [places], attributes: ["num_heads": .int(heads)], name: "\(value).turned")
      }
      let mixed = try b.builder.apply(
        "Attention", [turned(projection("query", 16), 8), turned(projection("key", 8), 4), projection("value", 12)],
        attributes: ["q_num_heads": .int(8), "kv_num_heads": .int(4), "is_causal": .int(1)], name: "attention")
      let out = try b.builder.apply("MatMul", [mixed, b.weight("out.w", [24, 8])], name: "out")
      let beside = try b.builder.apply("Add", [x, out], name: "beside")
      try b.builder.output(b.dense(b.builder.apply("Flatten", [beside], name: "flat"), 48, 2, "last", dead: false, output: "y"))
      return Model(graph: b.builder.graph)
    }, inputs: ["x": [6, 8]], shapes: ["query.w": [8, 12], "key.w": [8, 6], "value.w": [8, 9], "out.w": [18, 8]])

  static let apart = Case(
    name: "attention with its heads on an axis",
    model: {
      var b = Builder("apart")
      let x = try b.builder.input("x", ValueType(.float32, ["batch", 6, 8]))
      let parts = try ["query", "key", "value"].map { name in
        let p = try b.builder.apply("MatMul", [x, b.weight("\(name).w", [8, 12], dead: 1)], name: name)
        let heads = try b.builder.apply("Reshape", [p, b.builder.constant(Tensor([Int64(0), 6, 4, 3]))], name: "\(name).heads")
        return try b.builder.apply("Transpose", [heads], attributes: ["perm": .ints([0, 2, 1, 3])], name: "\(name).turned")
      }
      let mixed = try b.builder.apply("Attention", parts, name: "attention")
      let back = try b.builder.apply("Transpose", [mixed], attributes: ["perm": .ints([0, 2, 1, 3])], name: "back")
      let joined = try b.builder.apply("Reshape", [back, b.builder.constant(Tensor([Int64(-1), 6, 12]))], name: "joined")
      let out = try b.builder.apply("MatMul", [joined, b.weight("out.w", [12, 8])], name: "out")
      let beside = try b.builder.apply("Add", [x, out], name: "beside")
      try b.builder.output(b.dense(b.builder.apply("Flatten", [beside], name: "flat"), 48, 2, "last", dead: false, output: "y"))
      return Model(graph: b.builder.graph)
    }, inputs: ["x": [6, 8]], shapes: ["query.w": [8, 9], "key.w": [8, 9], "value.w": [8, 9], "out.w": [9, 8]])

  static let lettered = Case(
    name: "attention by letters",
    model: {
      var b = Builder("lettered")
      let x = try b.builder.input("x", ValueType(.float32, ["batch", 6, 8]))
      func heads(_ name: String) throws -> String {
        let p = try b.builder.apply("MatMul", [x, b.weight("\(name).w", [8, 12], dead: 1)], name: name)
        return try b.builder.apply("Reshape", [p, b.builder.constant(Tensor([Int64(0), 6, 4, 3]))], name: "\(name).heads")
      }
      func product(_ equation: String, _ inputs: [String], _ name: String) throws -> String {
        try b.builder.apply("Einsum", inputs, attributes: ["equation": .string(equation)], name: name)
      }
      let scores = try product("bqhd, bkhd -> bhqk", [heads("query"), heads("key")], "scores")
      let shares = try b.builder.apply("Softmax", [scores], attributes: ["axis": .int(-1)], name: "shares")
      let mixed = try product("bhqk,bkhd->bqhd", [shares, heads("value")], "mixed")
      let out = try product("bqhd,hdo->bqo", [mixed, b.weight("out.w", [4, 3, 8])], "out")
      try b.builder.output(b.dense(b.builder.apply("Flatten", [out], name: "flat"), 48, 2, "last", dead: false, output: "y"))
      return Model(graph: b.builder.graph)
    }, inputs: ["x": [6, 8]], shapes: ["query.w": [8, 9], "key.w": [8, 9], "value.w": [8, 9], "out.w": [3, 3, 8]])

  static let grouping = Case(
    name: "groups of channels, padded, summed along, expanded and repeated",
    model: {
      var b = Builder("grouping")
      let x = try b.builder.input("x", ValueType(.float32, ["batch", 3, 10]))
      func convolution(_ x: String, _ inputs: Int, _ name: String) throws -> String {
        try b.builder.apply("Conv", [x, b.weight("\(name).w", [8, inputs, 3], dead: 0), b.weight("\(name).b", [8], dead: 0)], name: name)
      }
      func integers(_ numbers: Int64...) throws -> String { try b.builder.constant(Tensor(numbers)) }
      let normalized = try b.builder.apply(
        "GroupNormalization", [convolution(x, 3, "first"), b.weight("gamma", [8]), b.weight("beta", [8], dead: 0)],
        attributes: ["num_groups": .int(4)], name: "normalization")
      let padded = try b.builder.apply("Pad", [normalized, integers(0, 0, 1, 0, 0, 1)], name: "padded")
      let running = try b.builder.apply("CumSum", [convolution(padded, 8, "second"), b.builder.constant(Tensor(scalar: Int64(2)))], name: "running")
      let mean = try b.builder.apply("ReduceMean", [running, integers(2)], name: "mean")
      let wide = try b.builder.apply("Expand", [mean, integers(1, 8, 4)], name: "wide")
      let twice = try b.builder.apply("Tile", [wide, integers(1, 1, 2)], name: "twice")
      try b.builder.output(b.dense(b.builder.apply("Flatten", [twice], name: "flat"), 64, 2, "last", dead: false, output: "y"))
      return Model(graph: b.builder.graph)
    }, inputs: ["x": [3, 10]],
    shapes: ["first.w": [6, 3, 3], "gamma": [6], "beta": [6], "second.w": [6, 6, 3], "last.w": [2, 48]])

  static let summed = Case(
    name: "a sum over channels",
    model: {
      var b = Builder("summed")
      let x = try b.builder.input("x", ValueType(.float32, ["batch", 6]))
      let h = try b.builder.apply("Relu", [b.dense(x, 6, 64, "one")], name: "relu")
      try b.builder.output(b.builder.apply("ReduceSum", [h, b.builder.constant(Tensor([Int64(1)]))], name: "sum", output: "y"))
      return Model(graph: b.builder.graph)
    }, inputs: ["x": [6]], shapes: ["one.w": [48, 6], "one.b": [48]])
}
