import CPareInterface
import Foundation
import PareArtifact
import PareC
import PareInference
import PareTensor
import Testing

@Suite struct CInterfaceTests {
  @Test func headerLibraryAndProgramHaveOneVersion() throws {
    #expect(pare_c_abi_version() == UInt32(PARE_C_ABI_VERSION))
    #expect(String(cString: pare_version()) == PARE_VERSION)
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let program = try String(contentsOf: root.appendingPathComponent("Sources/PareEvaluation/Version.swift"), encoding: .utf8)
    #expect(program.contains("current = \"\(PARE_VERSION)\""))
  }

  @Test(arguments: [false, true], ["scalar", nil])
  func decisionsAndOutputsEqualSwiftsBits(quantized: Bool, kernels: String?) throws {
    let model = try SampleFiles.network(quantized: quantized)
    let features = SampleFiles.rows(200)
    let plan = try ExecutionPlan(model, kernels: kernels == nil ? nil : KernelSelection(.scalar))
    let swift = plan.makeContext()
    let c = try CModel(model, kernels: kernels)
    #expect(pare_model_feature_count(c.model) == SampleFiles.featureCount && pare_model_decides(c.model) == 1)
    try c.withContext { context in
      var decisions = [Int8](repeating: 55, count: 200)
      #expect(pare_run_rows(context, features, 200, SampleFiles.featureCount, &decisions, nil) == PARE_OK)
      for row in 0..<200 {
        let start = Array(features[row * SampleFiles.featureCount..<(row + 1) * SampleFiles.featureCount])
        var decision: Int8 = 55
        #expect(pare_run(context, start, start.count, &decision, nil) == PARE_OK)
        #expect(try decision == swift.run(features: start) && decision == decisions[row])
        for (index, output) in plan.outputs.enumerated() {
          var count = 0
          let bytes = UnsafeRawBufferPointer(start: pare_context_output(context, index, &count), count: count)
          let expected = try #require(swift.bytes(named: output.name))
          #expect(bytes.elementsEqual(expected))
        }
      }
      #expect(decisions[7] == Int8(PARE_DECISION_INVALID) && Set(decisions).count >= 3)
    }
    if kernels == nil {
      let expected = try SampleFiles.expected(model, rows: features)
      try c.withContext { context in
        for (index, output) in plan.outputs.enumerated() {
          let bytes = try #require(expected[output.name])
          var found = [UInt8](repeating: 0, count: bytes.count)
          #expect(pare_run_rows_output(context, features, 200, 20, index, &found, found.count, nil) == PARE_OK)
          #expect(found == bytes)
        }
      }
    }
  }

  @Test func aModelDescribesItself() throws {
    let c = try CModel(SampleFiles.twoInputs())
    var value = pare_value()
    var error = pare_error()
    #expect(pare_model_input_count(c.model) == 3 && pare_model_output_count(c.model) == 2)
    #expect(pare_model_input(c.model, 0, &value, &error) == PARE_OK)
    #expect(String(cString: value.name) == "a" && value.element_type == pare_element_type(PARE_INT16))
    #expect(Array(UnsafeBufferPointer(start: value.extents, count: value.rank)) == [1, 3])
    #expect(value.element_count == 3 && value.byte_count == 6)
    var index = 9
    #expect(pare_model_find_output(c.model, "positive", &index, nil) == PARE_OK && index == 1)
    #expect(pare_model_output(c.model, index, &value, nil) == PARE_OK && value.element_type == pare_element_type(PARE_BOOL))
    #expect(refusal { pare_model_find_input(c.model, "y", &index, $0) }.code == "c.name")
    #expect(refusal { pare_model_input(c.model, 3, &value, $0) }.text == "input 3: expected an index below 3")
    #expect(String(cString: pare_model_name(c.model)) == "two")
    #expect(String(cString: pare_model_description(c.model)).contains("reference"))
    #expect(pare_model_feature_count(c.model) == 0 && pare_model_decides(c.model) == 0)
    #expect(pare_model_byte_count(c.model) > 0)
    #expect(InstructionSet(rawValue: String(cString: pare_model_kernels(c.model))) != nil)
  }

  @Test func sectionsComeByNameWithTheirLength() throws {
    let c = try CModel(SampleFiles.network(quantized: false))
    #expect((0..<pare_model_section_count(c.model)).map { String(cString: pare_model_section_name(c.model, $0)) } == ["features", "label"])
    var length = 0
    let text = try #require(pare_model_section(c.model, "features", &length))
    #expect(length == 3 && text[1] == 0 && text[3] == 0)
    #expect(String(cString: try #require(pare_model_section(c.model, "label", nil))) == #"{"horizon":12}"#)
    #expect(pare_model_section(c.model, "graph", &length) == nil && length == 0)
    #expect(pare_model_section_name(c.model, 2) == nil && pare_model_section_name(c.model, -1) == nil)
  }

  @Test func anyModelRunsOnBuffers() throws {
    let c = try CModel(SampleFiles.twoInputs())
    var (a, b): ([Int16], [Float]) = ([-1, 2, 3], [0.5, -2, 1])
    // A bool that is neither 0 nor 1 is true.
    var flag: [UInt8] = [1, 2, 0]
    var (y, positive) = ([Float](repeating: 9, count: 3), [UInt8](repeating: 9, count: 3))
    let status = try c.withContext { context in
      a.withUnsafeMutableBytes { a in b.withUnsafeMutableBytes { b in flag.withUnsafeMutableBytes { flag in
        y.withUnsafeMutableBytes { y in positive.withUnsafeMutableBytes { positive in
          pare_run_values(
            context, [a, b, flag].map { pare_input(bytes: $0.baseAddress, byte_count: $0.count) }, 3,
            [y, positive].map { pare_output(bytes: $0.baseAddress, byte_count: $0.count) }, 2, nil)
        } }
      } } }
    }
    #expect(status == PARE_OK)
    let expected = try ExecutionPlan(SampleFiles.twoInputs()).makeContext().run([
      "a": Tensor(a, shape: [1, 3]), "b": Tensor(b, shape: [1, 3]), "flag": Tensor([true, true, false], shape: [1, 3]),
    ])
    #expect(y == expected["y"]?.values(as: Float.self) && positive == [0, 1, 0])
  }

  @Test func outputsThatAreNotWantedAreLeftOut() throws {
    let model = try SampleFiles.network(quantized: true)
    let bytes = try Artifact.encode(model)
    var handle: OpaquePointer?
    let name = Array("logits".utf8CString)
    name.withUnsafeBufferPointer { name in
      withUnsafePointer(to: name.baseAddress) { names in
        var options = pare_options(size: MemoryLayout<pare_options>.size, kernels: nil, outputs: names, output_count: 1, memory_limit: 0)
        #expect(pare_model_load_bytes(bytes, bytes.count, nil, &options, &handle, nil) == PARE_OK)
      }
    }
    #expect(pare_model_output_count(handle) == 1 && pare_model_decides(handle) == 0)
    pare_model_free(handle)
  }

  @Test func aContextOutlivesItsModel() throws {
    let bytes = try Artifact.encode(SampleFiles.network(quantized: true))
    var (model, context): (OpaquePointer?, OpaquePointer?)
    #expect(pare_model_load_bytes(bytes, bytes.count, nil, nil, &model, nil) == PARE_OK)
    #expect(pare_context_create(model, &context, nil) == PARE_OK)
    pare_model_free(model)
    var decision: Int8 = 55
    #expect(pare_run(context, SampleFiles.rows(1), 20, &decision, nil) == PARE_OK && (-1...1).contains(decision))
    pare_context_free(context)
  }

  @Test func threadsShareAModelAndGetEqualBits() async throws {
    let c = try CModel(SampleFiles.network(quantized: true))
    let features = SampleFiles.rows(500)
    let all = try await withThrowingTaskGroup(of: [UInt8].self) { group in
      for _ in 0..<6 {
        group.addTask {
          // Half of them load a model of their own meanwhile, and fail at one.
          try c.withContext { context in
            var bytes = [UInt8](repeating: 0, count: 500 * 12)
            #expect(pare_run_rows_output(context, features, 500, 20, 1, &bytes, bytes.count, nil) == PARE_OK)
            #expect(refusal { pare_model_load("/nowhere", nil, nil, $0) }.code == "c.null")
            return bytes
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let areEqual = all.allSatisfy { $0 == all[0] }
    let isSwifts = try all[0] == SampleFiles.expected(SampleFiles.network(quantized: true), rows: features)["probabilities"]
    #expect(areEqual && isSwifts)
  }
}

extension ExecutionContext {
  fileprivate func bytes(named name: String) -> UnsafeRawBufferPointer? {
    plan.outputs.firstIndex { $0.name == name }.map { outputBytes(at: $0) }
  }
}
