import PareBoostedTrees
import PareTensor
import Testing

@Suite struct BoostingSettingsTests {
  @Test func aSettingOutOfRangeIsNamed() throws {
    let changes: [(name: String, change: (inout BoostingSettings) -> Void)] = [
      ("rounds", { $0.rounds = 0 }), ("depth", { $0.depth = 21 }), ("learning rate", { $0.learningRate = 0 }),
      ("minimum child weight", { $0.minimumChildWeight = -1 }), ("lambda", { $0.lambda = .infinity }),
      ("gamma", { $0.gamma = .nan }), ("subsample", { $0.subsample = 1.5 }), ("column share", { $0.columnShare = .nan }),
      ("early-stopping rounds", { $0.earlyStoppingRounds = 0 }), ("bins", { $0.bins = 1 }),
    ]
    for (name, change) in changes {
      var settings = BoostingSettings()
      try settings.validate()
      change(&settings)
      let error = #expect(throws: BoostedTreesError.self) { try settings.validate() }
      #expect(error?.subject == name && error?.code == "boosted-trees.range" && error?.category == .usage)
    }
  }

  @Test func rowsThatDoNotFitAreRefused() throws {
    let rows = Tensor([1, .nan, 3, 4] as [Float], shape: [2, 2])
    func code(_ features: Tensor, _ labels: BoostingData.Labels, _ weights: [Float]? = nil) -> String? {
      do { _ = try BoostingData(features: features, labels: labels, weights: weights) } catch {
        return (error as? BoostedTreesError)?.subject
      }
      return nil
    }
    #expect(code(rows, .classes([0, 1], count: 2)) == nil)
    #expect(code(rows, .classes([0, 2], count: 2)) == "labels")
    #expect(code(rows, .classes([0], count: 2)) == "labels")
    #expect(code(rows, .numbers(Tensor([1, .nan] as [Float]))) == "labels")
    #expect(code(rows, .numbers(Tensor([1, 2] as [Double]))) == "labels")
    #expect(code(Tensor([1, .infinity] as [Float], shape: [2, 1]), .classes([0, 1], count: 2)) == "features")
    #expect(code(rows, .classes([0, 1], count: 2), [1, -1]) == "weights")
    #expect(code(rows, .classes([0, 1], count: 2), [0, 0]) == "weights")
  }

  @Test func aMissingLibraryIsOneErrorThatSaysWhatToInstall() {
    let error = #expect(throws: BoostedTreesError.self) { try XGBoostLibrary(firstOf: ["libno-such-library.so"]) }
    #expect(error?.code == "boosted-trees.no-library" && error?.category == .serviceUnavailable)
    #expect(error?.description.contains("libxgboost-dev") == true)
  }
}
