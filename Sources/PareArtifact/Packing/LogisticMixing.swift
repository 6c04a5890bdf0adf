/// Logistic numbers in integers, the same on every machine.
enum Logistic {
  /// ln(p / (1 − p)) in steps of 1/256 is kept within ±2,047.
  static let limit: Int32 = 2047

  /// 65,536 / (1 + e^(−x)) for x = −8, −7.5 … 8.
  private static let points: [Int32] = [
    22, 36, 60, 98, 162, 267, 439, 720, 1179, 1921, 3108, 4971, 7812, 11955, 17625, 24743, 32768, 40793, 47911, 53581, 57724, 60565,
    62428, 63615, 64357, 64816, 65097, 65269, 65374, 65438, 65476, 65500, 65514,
  ]

  /// The probability, of 2^16, by straight lines between the points.
  static func probability(_ stretched: Int32) -> Int32 {
    let x = min(max(stretched, -limit), limit) + 2048
    let (index, rest) = (Int(x >> 7), x & 127)
    return points[index] + ((points[index + 1] - points[index]) * rest + 64) >> 7
  }

  /// The inverse for each twelve leading bits of a probability: the least number that leads to at least that.
  static let stretched: [Int32] = {
    var result: [Int32] = []
    var x = -limit
    for step in 0..<4096 {
      while x < limit, probability(x) < Int32(step) * 16 + 8 { x += 1 }
      result.append(x)
    }
    return result
  }()
}

/// Turns several opinions on a bit into one: a sum of their logistic numbers under weights that learn from every bit which opinions to
/// trust.
///
/// - Source: Mahoney 2005, Florida Tech TR CS-2005-16, §3.
struct LogisticMixer {
  private static let mostExperience: Int32 = 1023
  /// How fast a set learns: ever slower as it grows older.
  private static let rates: [Int32] = (0...mostExperience).map { 8 + 12 * 64 / ($0 + 64) }
  /// In steps of 2^-16, by set and opinion.
  private var weights: [Int32]
  /// How many bits each set has learned from, up to a bound.
  private var experience: [Int32]
  private let opinionCount: Int

  init(opinions: Int, sets: Int) {
    opinionCount = opinions
    experience = Array(repeating: 0, count: sets)
    weights = Array(repeating: Int32(65536 / 10), count: opinions * sets)
  }

  /// The logistic number of the mixture.
  func mix(_ opinions: UnsafePointer<Int32>, set: Int) -> Int32 {
    weights.withUnsafeBufferPointer { weights in
      var sum: Int64 = 0
      for index in 0..<opinionCount { sum += Int64(weights[set * opinionCount + index]) * Int64(opinions[index]) }
      return Int32(clamping: min(max(sum >> 16, -Int64(Logistic.limit)), Int64(Logistic.limit)))
    }
  }

  /// - Parameter error: 1 less the probability of what came, of 2^16; negative for a 0 that was held possible.
  mutating func learn(_ opinions: UnsafePointer<Int32>, set: Int, error: Int32) {
    let known = experience[set]
    if known < Self.mostExperience { experience[set] = known + 1 }
    let step = Int64(error) * Int64(Self.rates[Int(known)])
    weights.withUnsafeMutableBufferPointer { weights in
      for index in 0..<opinionCount {
        let change = (Int64(opinions[index]) * step + 1 << 19) >> 20
        weights[set * opinionCount + index] = Int32(clamping: Int64(weights[set * opinionCount + index]) + change)
      }
    }
  }
}
