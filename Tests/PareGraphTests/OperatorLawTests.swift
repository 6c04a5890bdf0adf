import PareGraph
import PareTensor
import Testing

/// What holds for every operator of the catalogue, tested on `OperatorCases`.
@Suite struct OperatorLawTests {
  /// These are not functions that differences of their inputs could test: their gradient is an estimator
  /// (`QuantizationTests`, `FakeQuantizeTests`) or another's (`ReverseGradientTests`).
  static let straightThrough: Set<OperatorName> = [
    "QuantizeLinear", "DequantizeLinear", "pare.FakeQuantize", "pare.Binarize", "pare.ReverseGradient",
  ]

  /// What yields integers has no rounding bound and is tested by itself (`DecideTests`; for the integer definition
  /// `IntegerLoweringTests` and `GroupDenseTests`; for signs `BinaryDenseTests`).
  static let integerValued: Set<OperatorName> = [
    "pare.Decide", "pare.QuantizeByReciprocal", "pare.QuantizedDense", "pare.QuantizedConvolution",
    "pare.QuantizedGroupDense", "pare.PackSigns",
  ]

  @Test func everyOperatorHasACase() {
    let covered = Set(OperatorCases.all.map(\.operatorName)).union(Self.straightThrough).union(Self.integerValued)
    let missing = OperatorCatalogue.all.map { $0.name }.filter { !covered.contains($0) }
    #expect(missing.isEmpty, "operators without a case: \(missing)")
  }

  @Test func everyDifferentiableOperatorHasAGradientCase() {
    let covered = Set(Self.differentiableCases.map(\.operatorName)).union(Self.straightThrough)
    for definition in OperatorCatalogue.all where Self.isDifferentiable(definition) {
      #expect(covered.contains(definition.name), "\(definition.name) has a gradient that no case checks")
    }
  }

  @Test func namesAreUnique() {
    #expect(Set(OperatorCatalogue.all.map { $0.name }).count == OperatorCatalogue.all.count)
  }

  @Test(arguments: OperatorCases.all)
  func twoRunsGiveEqualBits(_ subject: OperatorCase) throws {
    guard subject.operatorName != "Dropout" else { return }  // Draws anew in each run: `DropoutTests`.
    let evaluator = try ReferenceEvaluator(subject.graph())
    #expect(try evaluator.run(subject.inputs) == evaluator.run(subject.inputs))
  }

  @Test(arguments: OperatorCases.all)
  func float32IsWithinItsRoundingBoundOfFloat64(_ subject: OperatorCase) throws {
    let narrow = try subject.evaluate()
    let wide = try subject.evaluate(precision: .float64)
    for (narrow, wide) in zip(narrow, wide) {
      #expect(narrow.shape == wide.shape)
      let error = zip(narrow.doubles, wide.doubles).map { abs($0 - $1) }.max() ?? 0
      #expect(error <= subject.rounding.bound, "error \(error), bound \(subject.rounding.bound)")
    }
  }

  @Test(arguments: differentiableCases)
  func theGradientIsThatOfCentralDifferences(_ narrow: OperatorCase) throws {
    let subject = narrow.widened
    let variables = subject.inputs.filter { $0.value.elementType == .float64 }.keys.sorted()
    let (gradients, weights) = try Self.gradients(of: subject, by: Set(variables))

    /// Σ dY · Y with one element of one variable moved, and Σ |dY · Y|.
    func loss(_ name: String, _ index: Int, _ step: Double) throws -> (value: Double, magnitude: Double) {
      var inputs = subject.inputs
      inputs[name]?.withUnsafeMutableElements(as: Double.self) { $0[index] += step }
      var loss = (value: 0.0, magnitude: 0.0)
      for (output, weight) in zip(try subject.evaluate(inputs), weights) {
        guard let weight else { continue }
        for (y, dy) in zip(output.doubles, weight.doubles) {
          loss.value += y * dy
          loss.magnitude += abs(y * dy)
        }
      }
      return loss
    }

    let step = 0x1p-17
    for name in variables {
      let x = try #require(subject.inputs[name])
      let gradient = gradients[name]
      if let gradient { #expect(gradient.elementType == .float64 && gradient.shape == x.shape) }
      for index in 0..<x.elementCount {
        let (above, below) = (try loss(name, index, step), try loss(name, index, -step))
        let near = (above.value - below.value) / (2 * step)
        let far = (try loss(name, index, 2 * step).value - loss(name, index, -2 * step).value) / (4 * step)
        // The truncation error of `near` is a third of what it differs by from `far`; each loss carries the roundings
        // of the operator (at most 32 in Float64, on terms up to its magnitude) and of the sum.
        let bound = abs(far - near) + 64 * 0x1p-53 * (1 + above.magnitude) / step
        let found = gradient?.doubles[index] ?? 0
        #expect(abs(found - near) <= bound, "by \(name)[\(index)]: \(found), differences \(near) ± \(bound)")
      }
    }
  }

  @Test(arguments: differentiableCases)
  func whatIsNotWantedDoesNotChangeWhatIs(_ narrow: OperatorCase) throws {
    let subject = narrow.widened
    let variables = subject.inputs.filter { $0.value.elementType == .float64 }.keys.sorted()
    let (together, _) = try Self.gradients(of: subject, by: Set(variables))
    for name in variables {
      let (alone, _) = try Self.gradients(of: subject, by: [name])
      #expect(alone[name] == together[name])
    }
  }

  // MARK: -

  /// An operator without a gradient says so whatever it is asked.
  static func isDifferentiable(_ definition: any Operator.Type) -> Bool {
    var context = GradientContext(
      node: Node(definition.name, name: "subject", inputs: [], outputs: []), outputGradients: [], wanted: [],
      builder: GraphBuilder(name: "case"))
    do {
      _ = try definition.gradient(&context)
      return true
    } catch let error as GraphError {
      return error.code != "graph.not-differentiable"
    } catch {
      return true
    }
  }

  static let differentiableCases = OperatorCases.all.filter { subject in
    guard let definition = try? OperatorCatalogue.definition(of: subject.node) else { return false }
    return isDifferentiable(definition)
  }

  /// The gradient of Σ dY · Y by each of `variables`, evaluated, and the dY that were used (nil for integer outputs).
  static func gradients(
    of subject: OperatorCase, by variables: Set<String>
  ) throws -> (gradients: [String: Tensor], weights: [Tensor?]) {
    var builder = try subject.builder()
    var inputs = subject.inputs
    var outputGradients: [String?] = []
    var weights: [Tensor?] = []
    for (index, output) in subject.outputNames.enumerated() {
      let type = try builder.type(of: output)
      guard type.elementType == .float64, let shape = type.shape(binding: [:]) else {
        outputGradients.append(nil)
        weights.append(nil)
        continue
      }
      let weight = Tensor(Tensor.sample(shape, seed: 100 + UInt64(index)).doubles, shape: shape)
      let name = try builder.input("d\(output)", type)
      inputs[name] = weight
      outputGradients.append(name)
      weights.append(weight)
    }
    var context = GradientContext(
      node: subject.node, outputGradients: outputGradients, wanted: subject.operandNames.map(variables.contains),
      builder: builder)
    let names = try OperatorCatalogue.definition(of: subject.node).gradient(&context)
    #expect(names.count == subject.operands.count)
    var byVariable: [String: String] = [:]
    for (operand, gradient) in zip(subject.operandNames, names) where variables.contains(operand) {
      byVariable[operand] = gradient
    }
    let values = try ReferenceEvaluator(context.builder.graph, outputs: Array(Set(byVariable.values))).run(inputs)
    return (byVariable.compactMapValues { values[$0] }, weights)
  }
}
