import PareTensor

/// What happened, to be learnt from again: the newest transitions up to a number of them.
///
/// A transition spans up to n steps: what was observed and done, the discounted sum of what came, what was observed
/// then, and the discount on the value of that (0 where the episode had ended).
struct ReplayMemory {
  private(set) var count = 0
  private let width: Int
  private let capacity: Int
  private var place = 0
  private var observations: [Float]
  private var successors: [Float]
  private var actions: [Int]
  private var rewards: [Double]
  private var discounts: [Double]

  init(capacity: Int, width: Int) {
    self.capacity = capacity
    self.width = width
    observations = [Float](repeating: 0, count: capacity * width)
    successors = observations
    actions = [Int](repeating: 0, count: capacity)
    rewards = [Double](repeating: 0, count: capacity)
    discounts = rewards
  }

  mutating func add(_ observation: [Float], action: Int, reward: Double, successor: [Float], discount: Double) {
    for index in 0..<width {
      observations[place * width + index] = observation[index]
      successors[place * width + index] = successor[index]
    }
    (actions[place], rewards[place], discounts[place]) = (action, reward, discount)
    place = (place + 1) % capacity
    count = min(count + 1, capacity)
  }

  /// Transitions drawn evenly, with repetition.
  struct Sample {
    var observations: [Float] = []
    var successors: [Float] = []
    var actions: [Int] = []
    var rewards: [Double] = []
    var discounts: [Double] = []
  }

  /// - Precondition: the memory is not empty.
  func sample(_ size: Int, _ generator: inout SeededGenerator) -> Sample {
    var sample = Sample()
    for _ in 0..<size {
      let index = generator.below(count)
      sample.observations.append(contentsOf: observations[index * width..<(index + 1) * width])
      sample.successors.append(contentsOf: successors[index * width..<(index + 1) * width])
      sample.actions.append(actions[index])
      sample.rewards.append(rewards[index])
      sample.discounts.append(discounts[index])
    }
    return sample
  }
}
