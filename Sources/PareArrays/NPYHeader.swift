import PareArtifact

/// The header of a `.npy` file: a Python dictionary with three known keys, such as
/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
struct NPYHeader {
  private(set) var descriptor = ""
  private(set) var isFortranOrder = false
  private(set) var shape: [Int] = []

  private let bytes: ArraySlice<UInt8>
  private var position: Int
  private let name: String

  init(_ bytes: ArraySlice<UInt8>, name: String) throws(ArtifactError) {
    self.bytes = bytes
    self.name = name
    position = bytes.startIndex
    var keys: Set<String> = []
    try expect("{")
    while !take("}") {
      let key = try string()
      guard keys.insert(key).inserted else { throw failure("a key once, found \(quoted(key)) again") }
      try expect(":")
      switch key {
      case "descr": descriptor = try string()
      case "fortran_order": isFortranOrder = try boolean()
      case "shape": shape = try tuple()
      default: throw failure("descr, fortran_order and shape, found \(quoted(key))")
      }
      guard take(",") else {
        try expect("}")
        break
      }
    }
    skipSpace()
    guard position == bytes.endIndex, keys.count == 3 else { throw failure("descr, fortran_order and shape, and no more") }
  }

  private func failure(_ expected: String) -> ArtifactError {
    ArtifactError("header", subject: "\(name): header", expected: expected, found: "something else at byte \(position)")
  }

  private mutating func skipSpace() {
    while position < bytes.endIndex, bytes[position] == 0x20 || bytes[position] == 0x0a { position += 1 }
  }

  private mutating func take(_ text: StaticString) -> Bool {
    skipSpace()
    let count = text.utf8CodeUnitCount
    guard bytes.endIndex - position >= count, (0..<count).allSatisfy({ bytes[position + $0] == text.utf8Start[$0] }) else {
      return false
    }
    position += count
    return true
  }

  private mutating func expect(_ text: StaticString) throws(ArtifactError) {
    guard take(text) else { throw failure("\(text)") }
  }

  private mutating func string() throws(ArtifactError) -> String {
    skipSpace()
    guard position < bytes.endIndex, bytes[position] == 0x27 || bytes[position] == 0x22 else {
      throw failure("a text in quotes")
    }
    let quote = bytes[position]
    guard let end = bytes[(position + 1)...].firstIndex(of: quote),
      let text = String(validating: bytes[position + 1..<end], as: UTF8.self), !text.contains("\\")
    else { throw failure("a text in quotes") }
    position = end + 1
    return text
  }

  private mutating func boolean() throws(ArtifactError) -> Bool {
    if take("True") { return true }
    try expect("False")
    return false
  }

  private mutating func tuple() throws(ArtifactError) -> [Int] {
    try expect("(")
    var extents: [Int] = []
    while !take(")") {
      skipSpace()
      let digits = bytes[position...].prefix { (0x30...0x39).contains($0) }
      guard let extent = Int(String(decoding: digits, as: UTF8.self)), extents.count < 32 else { throw failure("an extent") }
      position = digits.endIndex
      extents.append(extent)
      guard take(",") else {
        try expect(")")
        break
      }
    }
    return extents
  }
}
