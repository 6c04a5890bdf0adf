#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A pseudo-random generator whose sequence depends on nothing but its seed: the same on every machine.
///
/// - Source: xoshiro256**, Blackman and Vigna 2018, arXiv:1805.01407, seeded by SplitMix64 as its authors advise.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  /// All there is to the generator: one that is made from it goes on where this one stands.
  package private(set) var state: (UInt64, UInt64, UInt64, UInt64)

  public init(seed: UInt64) {
    var mix = SplitMix64(state: seed)
    state = (mix.next(), mix.next(), mix.next(), mix.next())
  }

  /// A generator in a given state, as the authors' reference program takes it.
  ///
  /// - Precondition: the state is not all zero, from which it would never move.
  package init(state: (UInt64, UInt64, UInt64, UInt64)) {
    precondition(state != (0, 0, 0, 0))
    self.state = state
  }

  /// A generator for one purpose of a run, independent of the order in which purposes draw.
  ///
  /// - Parameter stream: names the purpose (`"shuffle"`, `"teacher/init"`); hashed by FNV-1a.
  public init(seed: UInt64, stream: String) {
    self.init(seed: seed ^ Self.hash(of: stream))
  }

  /// A number that follows from a name, the same in every process: FNV-1a over its UTF-8.
  public static func hash(of name: String) -> UInt64 {
    var fingerprint = Fingerprint()
    fingerprint.add(name)
    return fingerprint.value
  }

  public mutating func next() -> UInt64 {
    let result = Self.rotate(state.1 &* 5, by: 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = Self.rotate(state.3, by: 45)
    return result
  }

  /// Uniform on [0, 1), with 53 random bits.
  public mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// Standard normal, by Box–Muller's transform; one of each pair is dropped, so that a draw has no hidden state.
  ///
  /// The last bit may differ between mathematical libraries, unlike everything else here.
  public mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * Double.pi * uniform())
  }

  /// A permutation of `0 ..< count` by Fisher and Yates.
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    shuffle(&order)
    return order
  }

  /// Shuffles in place by Fisher and Yates.
  public mutating func shuffle(_ order: inout [Int]) {
    guard order.count > 1 else { return }
    for last in stride(from: order.count - 1, to: 0, by: -1) {
      order.swapAt(last, below(last + 1))
    }
  }

  /// Uniform on `0 ..< bound` without bias (Lemire 2019, arXiv:1805.10941).
  public mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0)
    let range = UInt64(bound)
    var product = next().multipliedFullWidth(by: range)
    if product.low < range {
      let threshold = (0 &- range) % range
      while product.low < threshold { product = next().multipliedFullWidth(by: range) }
    }
    return Int(product.high)
  }

  private static func rotate(_ value: UInt64, by count: UInt64) -> UInt64 {
    (value << count) | (value >> (64 - count))
  }
}

/// SplitMix64 (Steele, Lea and Flood 2014); also a hash of counters.
public struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(state: UInt64) {
    self.state = state
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
