import CPareInterface
import Foundation
import PareArtifact
import PareC
import PareGraph
import PareTensor
import Testing

/// Whatever C passes in, a call ends in a status.
@Suite struct RefusalTests {
  private let usage = pare_status(PARE_ERROR_USAGE)

  @Test func missingFilesAndOtherFilesAreNamed() throws {
    var model: OpaquePointer? = OpaquePointer(bitPattern: 1)
    let absent = refusal { pare_model_load("/nowhere/model.pare", nil, &model, $0) }
    #expect(absent.status == PARE_ERROR_NO_INPUT && absent.code == "artifact.no-input" && model == nil)
    #expect(absent.text.hasPrefix("/nowhere/model.pare: expected a file that can be read"))
    #expect(refusal { pare_model_load("/dev/zero", nil, &model, $0) }.status == PARE_ERROR_NO_INPUT)
    #expect(refusal { pare_model_load(nil, nil, &model, $0) }.code == "c.null")
    #expect(refusal { pare_model_load("/x", nil, nil, $0) }.code == "c.null")
    #expect(refusal { pare_model_load([0x2f, -1, 0], nil, &model, $0) }.code == "c.text")
    #expect(refusal { pare_model_load_bytes("abc", 3, "mine", nil, &model, $0) }.text.hasPrefix("mine: "))
    #expect(refusal { pare_model_load_bytes(nil, 3, nil, nil, &model, $0) }.code == "c.null")
    #expect(refusal { pare_model_load_bytes("abc", -1, nil, nil, &model, $0) }.code == "c.length")
    #expect(pare_model_load("/nowhere", nil, &model, nil) == PARE_ERROR_NO_INPUT)
  }

  @Test func longTextsAreCutAtACharactersBorder() throws {
    for padding in 0..<4 {
      let path = "/" + String(repeating: "x", count: padding) + String(repeating: "€", count: 300)
      var model: OpaquePointer?
      let text = refusal { pare_model_load(path, nil, &model, $0) }.text
      #expect(text.utf8.count > 440 && text.utf8.count < 448 && !text.unicodeScalars.contains("\u{fffd}"))
      #expect((path + ": expected").hasPrefix(text))
    }
  }

  @Test func optionsAreChecked() throws {
    let bytes = try Artifact.encode(SampleFiles.network(quantized: false))
    func load(_ options: UnsafePointer<pare_options>) -> (status: pare_status, code: String, text: String) {
      var model: OpaquePointer?
      let result = refusal { pare_model_load_bytes(bytes, bytes.count, nil, options, &model, $0) }
      pare_model_free(model)
      return result
    }
    var options = pare_options()
    #expect(load(&options).code == "c.options")
    options.size = MemoryLayout<pare_options>.size
    #expect(load(&options).status == PARE_OK)
    // A caller who knows only the first members, and one who knows more.
    options.size = 8
    options.output_count = 7
    #expect(load(&options).status == PARE_OK)
    options.size = MemoryLayout<pare_options>.size
    #expect(load(&options).code == "c.null")
    options.output_count = -1
    #expect(load(&options).status == usage)
    options.output_count = 0
    options.memory_limit = 1000
    #expect(load(&options).code == "c.memory-limit")
    options.memory_limit = .max
    #expect(load(&options).status == PARE_OK)
    var later = [UInt8](repeating: 0, count: 64)
    later[0] = 64
    for (byte, status) in [(0, pare_status(PARE_OK)), (1, usage)] {
      later[63] = UInt8(byte)
      later.withUnsafeBytes { #expect(load($0.baseAddress!.assumingMemoryBound(to: pare_options.self)).status == status) }
    }
    for name in ["sse9", ""] {
      name.withCString { options.kernels = $0; #expect(load(&options).code == "inference.instruction-set") }
    }
    options.kernels = nil
    for names in [["decision", "decision"], ["nothing"]] {
      let copies = names.map { strdup($0) }
      defer { for copy in copies { free(copy) } }
      let pointers = copies.map { UnsafePointer<CChar>($0) }
      pointers.withUnsafeBufferPointer { pointers in
        options.outputs = pointers.baseAddress
        options.output_count = pointers.count
        #expect(load(&options).status != PARE_OK)
      }
    }
  }

  @Test func nullHandlesAreRefusedOrEmpty() {
    var (index, decision, value) = (0, Int8(55), pare_value())
    #expect(pare_model_name(nil) == nil && pare_model_description(nil) == nil && pare_model_kernels(nil) == nil)
    #expect(pare_model_byte_count(nil) == 0 && pare_model_feature_count(nil) == 0 && pare_model_decides(nil) == 0)
    #expect(pare_model_section_count(nil) == 0 && pare_model_section_name(nil, 0) == nil && pare_model_section(nil, "x", nil) == nil)
    #expect(pare_model_input_count(nil) == 0 && pare_model_output_count(nil) == 0)
    #expect(pare_model_input(nil, 0, &value, nil) == usage && pare_model_output(nil, 0, &value, nil) == usage)
    #expect(pare_model_find_input(nil, "x", &index, nil) == usage && pare_model_find_output(nil, "x", &index, nil) == usage)
    #expect(pare_context_create(nil, nil, nil) == usage)
    #expect(pare_run(nil, [1], 1, &decision, nil) == usage && decision == Int8(PARE_DECISION_INVALID))
    #expect(pare_run_rows(nil, [1], 1, 1, &decision, nil) == usage && pare_run_rows(nil, nil, 0, 0, nil, nil) == usage)
    #expect(pare_run_rows_output(nil, nil, 0, 0, 0, nil, 0, nil) == usage)
    #expect(pare_run_values(nil, nil, 0, nil, 0, nil) == usage && pare_context_output(nil, 0, nil) == nil)
    pare_model_free(nil)
    pare_context_free(nil)
  }

  @Test func wrongLengthsAreErrorsAndNothingIsWritten() throws {
    let c = try CModel(SampleFiles.network(quantized: true))
    let features = SampleFiles.rows(4)
    try c.withContext { context in
      for count in [0, 19, 21, -1, .min, .max] {
        var decision: Int8 = 55
        let found = refusal { pare_run(context, features, count, &decision, $0) }
        #expect(found.status == usage && found.code == "c.length" && decision == Int8(PARE_DECISION_INVALID))
      }
      #expect(refusal { pare_run(context, nil, 20, nil, $0) }.code == "c.null")
      #expect(pare_run(context, features, 20, nil, nil) == PARE_OK)
      // Canaries behind what may be written.
      var decisions = [Int8](repeating: 55, count: 5)
      #expect(pare_run_rows(context, features, 4, 19, &decisions, nil) == usage)
      #expect(decisions == [-128, -128, -128, -128, 55])
      for rows in [-1, .min, .max, 1 << 60] {
        #expect(refusal { pare_run_rows(context, features, rows, 20, &decisions, $0) }.code == "c.length")
        #expect(pare_run_rows_output(context, features, rows, 20, 0, nil, 0, nil) == usage)
      }
      #expect(pare_run_rows(context, nil, 0, 20, &decisions, nil) == PARE_OK)
      var bytes = [UInt8](repeating: 55, count: 60)
      for count in [0, 47, 49, -1] { #expect(pare_run_rows_output(context, features, 4, 20, 0, &bytes, count, nil) == usage) }
      for output in [-1, 3, .max] { #expect(pare_run_rows_output(context, features, 4, 20, output, &bytes, 48, nil) == usage) }
      #expect(pare_run_rows_output(context, features, 4, 20, 0, nil, 48, nil) == usage)
      #expect(bytes == [UInt8](repeating: 55, count: 60))
      #expect(pare_run_rows_output(context, features, 4, 20, 0, &bytes, 48, nil) == PARE_OK)
      #expect(bytes[48...].allSatisfy { $0 == 55 })
      #expect(pare_context_output(context, 3, nil) == nil && pare_context_output(context, -1, nil) == nil)
    }
  }

  @Test func wrongBuffersAreErrorsAndNothingIsWritten() throws {
    let c = try CModel(SampleFiles.network(quantized: true))
    let features = SampleFiles.rows(2)
    var bytes = [UInt8](repeating: 55, count: 16)
    try c.withContext { context in
      features.withUnsafeBytes { features in
        bytes.withUnsafeMutableBytes { bytes in
          func run(_ inputs: [pare_input], _ outputs: [pare_output]) -> String {
            refusal { pare_run_values(context, inputs, inputs.count, outputs, outputs.count, $0) }.code
          }
          let input = pare_input(bytes: features.baseAddress, byte_count: 80)
          let none = pare_output(bytes: nil, byte_count: 0)
          let logits = pare_output(bytes: bytes.baseAddress, byte_count: 12)
          #expect(run([], [logits, none, none]) == "c.length")
          #expect(run([input, input], [logits, none, none]) == "c.length")
          #expect(run([pare_input(bytes: features.baseAddress, byte_count: 76)], [logits, none, none]) == "c.length")
          #expect(run([pare_input(bytes: nil, byte_count: 80)], [logits, none, none]) == "c.null")
          #expect(run([pare_input(bytes: features.baseAddress?.advanced(by: 1), byte_count: 80)], [logits, none, none]) == "c.alignment")
          #expect(run([input], [logits]) == "c.length")
          #expect(run([input], [none, pare_output(bytes: bytes.baseAddress, byte_count: 16), none]) == "c.length")
          #expect(refusal { pare_run_values(context, nil, 1, nil, 0, $0) }.code == "c.null")
          #expect(refusal { pare_run_values(context, [input], 1, nil, 3, $0) }.code == "c.null")
          #expect(refusal { pare_run_values(context, [input], -1, nil, 0, $0) }.code == "c.length")
          #expect(bytes.allSatisfy { $0 == 55 })
          #expect(run([input], []) == "" && run([input], [logits, none, none]) == "")
          #expect(bytes[12...].allSatisfy { $0 == 55 } && !bytes[..<12].allSatisfy { $0 == 55 })
        }
      }
    }
  }

  @Test func aModelWithoutOneRowOfFeaturesSaysSo() throws {
    try CModel(SampleFiles.twoInputs()).withContext { context in
      for count in [0, 3, -1] {
        let found = refusal { pare_run(context, [1, 2, 3], count, nil, $0) }
        #expect(found.text == "features: expected a model with one float32 input, found another one")
      }
    }
  }

  @Test func aFileThatClaimsTooMuchIsRefusedBeforeMemoryIsAskedFor() throws {
    // A bitmask of zeros: a bit in the file for four bytes in the plan.
    var builder = GraphBuilder(name: "huge")
    let x = try builder.input("features", ValueType(.float32, ["batch", 8]))
    var value = x
    for layer in 0..<3 {
      let extent = layer == 2 ? 8 : 1 << 14
      let weight = ParameterStorage(Tensor(zeros: .float32, shape: [layer == 0 ? 8 : 1 << 14, extent]), layout: .bitmask)
      value = try builder.apply("MatMul", [value, builder.parameter("w\(layer)", Parameter(weight, isTrainable: true))])
    }
    try builder.output(value)
    let bytes = try Artifact.encode(Model(graph: builder.graph))
    var options = pare_options()
    options.size = MemoryLayout<pare_options>.size
    options.memory_limit = 512 << 20
    var model: OpaquePointer?
    let found = refusal { pare_model_load_bytes(bytes, bytes.count, nil, &options, &model, $0) }
    #expect(found.code == "c.memory-limit" && found.status == PARE_ERROR_DATA && bytes.count < 40 << 20)
  }
}
