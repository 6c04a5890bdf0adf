import PareTensor
import Testing

@Suite struct Float16BitsTests {
  @Test func everyHalfSurvivesTheWayToFloatAndBack() {
    for bits in UInt16.min...UInt16.max {
      let value = Float16Bits.toFloat(bits)
      let isNaN = bits & 0x7c00 == 0x7c00 && bits & 0x3ff != 0
      #expect(value.isNaN == isNaN)
      if !isNaN { #expect(Float16Bits.fromFloat(value) == bits) }
    }
  }

  @Test func theValueIsWhatTheFormatSays() {
    for bits in UInt16.min..<0x7c00 {
      let (exponent, fraction) = (Int(bits >> 10), Float(bits & 0x3ff))
      let expected =
        exponent == 0
        ? fraction * 0x1p-24 : (1 + fraction / 1024) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
      #expect(Float16Bits.toFloat(bits) == expected)
      #expect(Float16Bits.toFloat(bits | 0x8000) == -expected)
    }
  }

  /// Between two neighbouring halves, what lies below the middle goes down, above it up, and on it to the even one.
  @Test func roundsToNearestWithTiesToEven() {
    for bits in UInt16.min..<0x7bff {
      let (low, high) = (Float16Bits.toFloat(bits), Float16Bits.toFloat(bits + 1))
      let middle = (low + high) / 2
      #expect(Float16Bits.fromFloat(middle) == (bits % 2 == 0 ? bits : bits + 1))
      #expect(Float16Bits.fromFloat(middle.nextDown) == bits)
      #expect(Float16Bits.fromFloat(middle.nextUp) == bits + 1)
    }
  }

  @Test func whatIsTooLargeBecomesInfinity() {
    #expect(Float16Bits.fromFloat(65519.996) == 0x7bff)
    #expect(Float16Bits.fromFloat(65520) == 0x7c00)
    #expect(Float16Bits.fromFloat(-.infinity) == 0xfc00)
    #expect(Float16Bits.toFloat(Float16Bits.fromFloat(.nan)).isNaN)
  }
}
