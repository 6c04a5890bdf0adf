import PareTensor

extension Collection where Index == Int, Element == Float {
  /// The place of the largest number, the first of equals, from the collection's start.
  var greatestPlace: Int {
    var best = startIndex
    for index in indices where self[index] > self[best] { best = index }
    return best - startIndex
  }
}

extension ExogenousEnvironment {
  /// The scores of every action in every condition at every row: `[rows, conditions, actions]`.
  func scores(_ evaluator: NetworkEvaluator) throws -> [Float] {
    // A few thousand rows at a time keep the observations small.
    let block = 4096
    var scores: [Float] = []
    scores.reserveCapacity(rowCount * conditionCount * actionCount)
    for start in stride(from: 0, to: rowCount, by: block) {
      let rows = start..<min(start + block, rowCount)
      scores.append(contentsOf: try evaluator.evaluate(observations(of: rows, count: rows.count)))
    }
    return scores
  }

  /// The walk through all rows in which the action with the largest score is taken.
  ///
  /// - Parameter scores: `[rows, conditions, actions]`.
  func greedyWalk(_ scores: [Float]) -> (conditions: [Int], actions: [Int], rewards: [Double]) {
    var (conditions, actions, rewards) = ([Int](), [Int](), [Double]())
    conditions.reserveCapacity(rowCount)
    actions.reserveCapacity(rowCount)
    rewards.reserveCapacity(rowCount)
    for segment in segments {
      var condition = startCondition
      for row in segment {
        let place = (row * conditionCount + condition) * actionCount
        let action = scores[place..<place + actionCount].greatestPlace
        conditions.append(condition)
        actions.append(action)
        rewards.append(reward(row: row, condition: condition, action: action))
        condition = self.condition(after: action, in: condition)
      }
    }
    return (conditions, actions, rewards)
  }
}

/// Judges by walks through exogenous environments.
struct WalkJudge<Process: ExogenousEnvironment>: PolicyJudge {
  let evaluator: NetworkEvaluator
  let training: Process
  let validation: Process?

  func judge() throws -> (training: Double, validation: Double?) {
    func mean(_ process: Process) throws -> Double {
      try process.greedyWalk(process.scores(evaluator)).rewards.reduce(0, +) / Double(process.rowCount)
    }
    return (try mean(training), try validation.map(mean))
  }
}

/// Judges by episodes, always the same under a seed.
struct EpisodeJudge<World: Environment>: PolicyJudge {
  /// Of single rows.
  let evaluator: NetworkEvaluator
  let training: World
  let validation: World?
  let episodes: Int
  /// Steps after which an episode is broken off.
  let longest: Int
  let seed: UInt64

  func judge() throws -> (training: Double, validation: Double?) {
    (try mean(training), try validation.map(mean))
  }

  private func mean(_ world: World) throws -> Double {
    let run = try world.greedyEpisodes(evaluator, episodes: episodes, longest: longest, seed: seed)
    return run.reward / Double(max(run.steps, 1))
  }
}

extension Environment {
  /// - Returns: the sum of rewards, and of steps.
  func greedyEpisodes(
    _ evaluator: NetworkEvaluator, episodes: Int, longest: Int, seed: UInt64
  ) throws -> (reward: Double, steps: Int) {
    var world = self
    var generator = SeededGenerator(seed: seed, stream: "agent/judge")
    var (reward, steps) = (0.0, 0)
    for _ in 0..<episodes {
      world.reset(&generator)
      for _ in 0..<longest {
        let scores = try evaluator.evaluate(world.observation)
        let step = world.step(scores.greatestPlace, &generator)
        reward += step.reward
        steps += 1
        if step.ending != .none { break }
      }
    }
    return (reward, steps)
  }

  /// What is observed now.
  var observation: [Float] {
    [Float](unsafeUninitializedCapacity: observationWidth) { buffer, count in
      buffer.initialize(repeating: 0)
      count = observationWidth
      observe(into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
    }
  }
}
