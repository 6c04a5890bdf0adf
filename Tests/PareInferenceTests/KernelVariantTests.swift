import CPareKernels
import PareInference
import PareTensor
import Testing

/// Every variant in the dispatch tables against the scalar one. A set of instructions that this machine lacks is
/// reported as skipped, by its name.
@Suite struct KernelVariantTests {
  @Test func scalarComesFirstAndNeedsNothing() {
    for operation in operations {
      #expect(String(cString: variants(of: operation)[0].name) == "scalar")
      #expect(variants(of: operation)[0].needs == 0)
    }
  }

  @Test func everyVariantIsNamedAfterAnInstructionSetThatHasWhatItNeeds() throws {
    for operation in operations {
      for variant in variants(of: operation) {
        let set = try #require(InstructionSet(rawValue: String(cString: variant.name)))
        #expect(variant.needs & ~set.extensions == 0)
      }
    }
  }

  @Test(.enabled(if: InstructionSet.avx2.isAvailable, "no avx2")) func avx2EqualsScalar() { compare(.avx2) }
  @Test(.enabled(if: InstructionSet.avxvnni.isAvailable, "no avxvnni")) func avxvnniEqualsScalar() { compare(.avxvnni) }
  @Test(.enabled(if: InstructionSet.avx512.isAvailable, "no avx512")) func avx512EqualsScalar() { compare(.avx512) }
  @Test(.enabled(if: InstructionSet.avx512vnni.isAvailable, "no avx512vnni")) func avx512vnniEqualsScalar() {
    compare(.avx512vnni)
  }

  private func compare(_ set: InstructionSet) {
    var compared = 0
    for operation in operations {
      let scalar = variants(of: operation)[0]
      for variant in variants(of: operation) where String(cString: variant.name) == set.rawValue {
        var cases = KernelCases(seed: UInt64(operation.rawValue))
        cases.forEach(operation) { kernelCase in
          let expected = kernelCase.run(scalar)
          let found = kernelCase.run(variant)
          // Compared first, so that a failure prints the case's name and not its bytes.
          let agrees = kernelCase.agrees(found.bytes, expected.bytes)
          let areIntact = expected.canariesIntact && found.canariesIntact
          #expect(agrees && areIntact, "\(set.rawValue) \(kernelCase.name)")
          compared += 1
        }
      }
    }
    #expect(compared > 0)
  }
}

let operations: [pare_operation] = (0..<pare_operation_count.rawValue).map { pare_operation(rawValue: $0) }

func variants(of operation: pare_operation) -> UnsafeBufferPointer<pare_kernel_variant> {
  var count = 0
  let first = pare_kernel_variants(operation, &count)
  return UnsafeBufferPointer(start: first, count: count)
}
