import PareGraph

/// Attributes of nodes as JSON.
package enum AttributeCoding {
  /// A number with a point or an exponent is a float, one without an integer; a text is a string; arrays of these
  /// likewise. What JSON cannot tell apart or write stands in an object that names the kind: `{"floats":[]}`,
  /// `{"float":"nan"}`.
  package static func encode(_ attribute: Attribute) -> String {
    func float(_ value: Double) -> String {
      value.isFinite ? value.description : JSONText.string(value.isNaN ? "nan" : value.description)
    }
    switch attribute {
    case .int(let value): return String(value)
    case .float(let value) where value.isFinite: return float(value)
    case .float(let value): return JSONText.object([("float", float(value))])
    case .string(let text): return JSONText.string(text)
    case .ints(let values): return JSONText.array(values.map(String.init))
    case .floats(let values) where !values.isEmpty && values.allSatisfy(\.isFinite):
      return JSONText.array(values.map(float))
    case .floats(let values): return JSONText.object([("floats", JSONText.array(values.map(float)))])
    case .strings(let texts) where !texts.isEmpty: return JSONText.array(texts.map(JSONText.string))
    case .strings: return JSONText.object([("strings", "[]")])
    }
  }

  package static func decode(_ text: String) throws -> Attribute {
    try decode(JSONElement(value: JSONParser.parse(text), path: "attribute"))
  }

  static func decode(_ element: JSONElement) throws -> Attribute {
    switch element.value {
    case .number(let digits) where isFloat(digits): return .float(try float(element))
    case .number: return .int(try element.integer(in: Int.min...Int.max, "an integer of 64 bits"))
    case .string(let text): return .string(text)
    case .array(let values):
      let elements = try element.elements()
      switch values.first {
      case nil: return .ints([])
      case .number(let digits)? where isFloat(digits): return .floats(try elements.map { try float($0) })
      case .number?: return .ints(try elements.map { try $0.integer(in: Int.min...Int.max, "an integer of 64 bits") })
      case .string?: return .strings(try elements.map { try $0.string() })
      default: throw elements[0].mismatch("numbers or texts")
      }
    case .object(let members):
      if members["floats"] != nil {
        let floats = try element.members(["floats"])["floats"]?.elements() ?? []
        return .floats(try floats.map { try float($0) })
      }
      if members["strings"] != nil {
        let strings = try element.members(["strings"])["strings"]?.elements() ?? []
        return .strings(try strings.map { try $0.string() })
      }
      guard let value = try element.members(["float"])["float"] else { throw element.mismatch("a kind") }
      return .float(try float(value))
    default: throw element.mismatch("an attribute")
    }
  }

  private static func isFloat(_ digits: String) -> Bool { digits.utf8.contains { $0 == 0x2e || $0 | 0x20 == 0x65 } }

  private static func float(_ element: JSONElement) throws -> Double {
    switch element.value {
    case .number(let digits):
      if let value = Double(digits), value.isFinite { return value }
    case .string("nan"): return .nan
    case .string("inf"): return .infinity
    case .string("-inf"): return -.infinity
    default: break
    }
    throw element.mismatch("a number, or \"nan\", \"inf\" or \"-inf\"")
  }
}
