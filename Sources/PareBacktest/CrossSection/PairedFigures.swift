/// The daily figures of a student and its teacher, seed by seed, over the days on which all of them have one.
struct PairedFigures {
  /// By seed, in the order of the days.
  let student: [[Double]]
  let teacher: [[Double]]
  let days: Int

  /// - Throws: `backtest.seeds` without seeds or for different numbers of them, `backtest.days` for different days, `backtest.horizon`.
  init(student: [DailyFigures], teacher: [DailyFigures], horizon: Int) throws(BacktestError) {
    guard !teacher.isEmpty, student.count == teacher.count else {
      throw BacktestError(
        "seeds", subject: "seeds", expected: "as many of the student as of the teacher, at least one",
        found: "\(student.count) and \(teacher.count)")
    }
    let every = teacher[0].values.count
    for (place, figures) in (teacher + student).enumerated() where figures.values.count != every {
      throw BacktestError(
        "days", subject: place < teacher.count ? "teacher, seed \(place)" : "student, seed \(place - teacher.count)",
        expected: "\(every) days, as of the teacher's first seed", found: "\(figures.values.count)")
    }
    guard horizon >= 1 else {
      throw BacktestError("horizon", subject: "horizon", expected: "1 day or more", found: "\(horizon)", category: .usage)
    }
    let kept = (0..<every).filter { day in (teacher + student).allSatisfy { $0.values[day] != nil } }
    func chosen(_ figures: DailyFigures) -> [Double] { kept.compactMap { figures.values[$0] } }
    (self.student, self.teacher, days) = (student.map(chosen), teacher.map(chosen), kept.count)
  }
}
