import CKernelCases
import CPareKernels
import PareInference
import Testing

/// Every variant, the scalar one included, against what the unpacked weights give. The cases are in C, so that
/// `scripts/check-kernels` runs them under sanitizers and `scripts/test-neon` on another processor.
@Suite struct KernelCaseTests {
  @Test(arguments: InstructionSet.allCases)
  func everyVariantGivesWhatItsWeightsGive(_ set: InstructionSet) {
    for operation in operations where pare_has_cases(operation) != 0 {
      for (index, variant) in variants(of: operation).enumerated()
      where String(cString: variant.name) == set.rawValue && variant.needs & ~pare_cpu_features() == 0 {
        let result = pare_check_variant(operation, index)
        #expect(result.compared > 0 && result.failed == 0, "\(set.rawValue): \(result.message)")
      }
    }
  }

  @Test func everyRecurrentVariantGivesWhatItsWeightsGive() {
    var count = 0
    let variants = UnsafeBufferPointer(start: pare_recurrent_s16_variants(&count), count: count).compactMap { $0?.pointee }
    for (index, variant) in variants.enumerated() where variant.needs & ~pare_cpu_features() == 0 {
      let result = pare_check_recurrent_variant(index)
      #expect(result.compared > 0 && result.failed == 0, "\(String(cString: variant.name)): \(result.message)")
    }
  }
}

extension pare_case_result {
  fileprivate var message: String {
    withUnsafeBytes(of: first_failure) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
