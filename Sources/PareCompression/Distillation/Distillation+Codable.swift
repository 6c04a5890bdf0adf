import PareTraining

extension Distillation: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case student, temperature, target, teacher, start, weighting, inside, graph, explanation, mixing, peers, training
    case hardWeight = "hard-weight"
    case turnoverPenalty = "turnover-penalty"
    case alongTime = "along-time"
  }

  public func validate(at path: ParameterPath) throws {
    try student.validate(at: path.key(CodingKeys.student))
    try temperature.validate(at: path.key(CodingKeys.temperature))
    try hardWeight.require(at: path.key(CodingKeys.hardWeight), expected: "a fraction in 0 ... 1") { (0...1).contains($0) }
    try weighting.validate(at: path.key(CodingKeys.weighting))
    try path.key(CodingKeys.turnoverPenalty).require(
      turnoverPenalty >= 0 && turnoverPenalty.isFinite, expected: "0 or more", found: turnoverPenalty)
    for (index, term) in inside.enumerated() { try term.validate(at: path.key(CodingKeys.inside).index(index)) }
    try graph?.validate(at: path.key(CodingKeys.graph))
    try explanation?.validate(at: path.key(CodingKeys.explanation))
    if let mixing {
      let key = path.key(CodingKeys.mixing)
      try mixing.validate(at: key)
      try key.require(
        hardWeight == .constant(0) && target == .softTargets && turnoverPenalty == 0 && weighting == RowWeighting() && alongTime == nil,
        expected: "a hard-weight of 0 and nothing but the teacher's scores to learn: mixed rows have no labels, dates or positions",
        found: "another")
    }
    try path.key(CodingKeys.peers).require(
      peers == 1 || graph == nil && explanation == nil, expected: "1 beside terms on a graph or on reasons, which are one student's", found: peers)
    try path.key(CodingKeys.peers).require((1...16).contains(peers), expected: "1 to 16", found: peers)
    try path.key(CodingKeys.peers).require(
      peers == 1 || inside.isEmpty, expected: "1 beside terms on hidden values, which are one student's", found: peers)
    try alongTime?.validate(at: path.key(CodingKeys.alongTime))
    try path.key(CodingKeys.peers).require(peers == 1 || alongTime == nil, expected: "1 along time", found: peers)
    for (index, term) in inside.enumerated() {
      try path.key(CodingKeys.inside).index(index).require(
        (term.kind == .evolution) == (alongTime != nil), expected: alongTime == nil ? "evolution along time alone" : "evolution, along time",
        found: term.kind.rawValue)
    }
    try training.validate(at: path.key(CodingKeys.training))
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    self.init(
      into: try container.decode(StudentArchitecture.self, forKey: .student),
      temperature: try container.decode(Temperature.self, forKey: .temperature),
      hardWeight: try container.decode(ScheduledNumber.self, forKey: .hardWeight).value,
      target: try container.decodeIfPresent(DistillationTarget.self, forKey: .target) ?? .softTargets,
      teacher: try container.decodeIfPresent(Source.self, forKey: .teacher) ?? .original,
      start: try container.decodeIfPresent(Start.self, forKey: .start) ?? .drawn,
      weighting: try container.decodeIfPresent(RowWeighting.self, forKey: .weighting) ?? RowWeighting(),
      turnoverPenalty: try container.decodeIfPresent(Double.self, forKey: .turnoverPenalty) ?? 0,
      inside: try container.decodeIfPresent([InnerLesson].self, forKey: .inside) ?? [],
      graph: try container.decodeIfPresent(GraphLesson.self, forKey: .graph),
      explanation: try container.decodeIfPresent(ExplanationLesson.self, forKey: .explanation),
      mixing: try container.decodeIfPresent(RowMixing.self, forKey: .mixing),
      peers: try container.decodeIfPresent(Int.self, forKey: .peers) ?? 1,
      alongTime: try container.decodeIfPresent(AlongTime.self, forKey: .alongTime),
      training: try container.decodeIfPresent(TrainingSchedule.self, forKey: .training) ?? TrainingSchedule())
  }

  /// What stands at its default is left out, but for the share of the labels and the temperature, which every recipe says.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(student, forKey: .student)
    try container.encode(temperature, forKey: .temperature)
    try container.encode(ScheduledNumber(value: hardWeight), forKey: .hardWeight)
    if target != .softTargets { try container.encode(target, forKey: .target) }
    if teacher != .original { try container.encode(teacher, forKey: .teacher) }
    if start != .drawn { try container.encode(start, forKey: .start) }
    if weighting != RowWeighting() { try container.encode(weighting, forKey: .weighting) }
    if turnoverPenalty != 0 { try container.encode(turnoverPenalty, forKey: .turnoverPenalty) }
    if !inside.isEmpty { try container.encode(inside, forKey: .inside) }
    try container.encodeIfPresent(graph, forKey: .graph)
    try container.encodeIfPresent(explanation, forKey: .explanation)
    try container.encodeIfPresent(mixing, forKey: .mixing)
    if peers != 1 { try container.encode(peers, forKey: .peers) }
    try container.encodeIfPresent(alongTime, forKey: .alongTime)
    try container.encode(training, forKey: .training)
  }
}
