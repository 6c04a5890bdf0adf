extension OperatorCatalogue {
  static let recurrent: [any Operator.Type] = [
    LSTM.self, TracedLSTM.self, LSTMGradient.self, GRU.self, TracedGRU.self, GRUGradient.self, RNN.self,
    RNNGradient.self, QuantizedLSTM.self, QuantizedGRU.self,
  ]
}
