import ArgumentParser
import PareEvaluation

struct CompressCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compress",
    abstract: "Applies a recipe to a model; no experiment is needed.",
    discussion: """
      Rows for calibration and training are in order of time: the last fifth only stops training early.
      Ready recipes, by name: hft (a decision below 1 µs), 10us, market-making (100 µs), 1ms, stat-arb (10 ms), 100ms, swing and
      deep-compression (the fewest bytes). They learn from the model itself and need no labels.

      Examples:
        pare compress teacher.pare --recipe examples/pruned-int8.recipe.yaml --calibration rows.npy --output small.pare
        pare compress teacher.pare --recipe hft --calibration rows.npy --output fast.pare
        pare compress teacher.pare --recipe student.yaml --calibration rows.npy --labels labels.npy --output student.pare
        pare compress model.onnx --recipe int8.yaml --calibration window=windows.npy --output model-int8.onnx
      """)

  @OptionGroup var common: CompressionArguments

  @Option(name: .long, help: ArgumentHelp("The recipe (YAML or JSON), or the name of a ready one.", valueName: "file"))
  var recipe: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      "What training on labels learns, one per row: class indices, or numbers for a model that yields numbers.",
      valueName: "file.npy"))
  var labels: String?

  @Option(name: .long, help: ArgumentHelp("The model to distil from, where it is not the model itself.", valueName: "file"))
  var teacher: String?

  @Option(name: .long, help: "Share of the rows, the last ones, that only stop training early.")
  var validationShare = 0.2

  func run() throws {
    try common.apply(
      try RecipeFile.read(recipe), teacher: teacher, labels: labels, validationShare: validationShare)
  }
}
