//===- Activation.cpp - The function between two products -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/reference/Activation.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <sstream>
#include <stdexcept>

using namespace reference;

static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

static const std::map<std::string, double (*)(double)> functions = {
    {"neg", [](double x) { return -x; }},
    {"exp", [](double x) { return std::exp(x); }},
    {"tanh", [](double x) { return std::tanh(x); }},
    {"sigmoid", sigmoid},
    {"silu", [](double x) { return x * sigmoid(x); }},
    {"gelu", [](double x) { return x / 2 * (1 + std::erf(x / std::numbers::sqrt2)); }},
    {"gelu_tanh",
     [](double x) {
       return x / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
     }},
    {"relu", [](double x) { return std::isnan(x) ? x : std::max(x, 0.0); }},
    {"square", [](double x) { return x * x; }},
    {"sqrt", [](double x) { return std::sqrt(x); }},
    {"softplus", [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }},
};

static const std::map<std::string, double (*)(double, double)> operators = {
    {"add", [](double a, double b) { return a + b; }},
    {"sub", [](double a, double b) { return a - b; }},
    {"mul", [](double a, double b) { return a * b; }},
    {"div", [](double a, double b) { return a / b; }},
    {"min", [](double a, double b) { return std::min(a, b); }},
    {"max", [](double a, double b) { return std::max(a, b); }},
};

Activation::Activation(const std::string &postfix) {
  std::istringstream words(postfix);
  std::string word;
  size_t depth = 0;
  auto take = [&](size_t operands) {
    if (depth < operands)
      throw std::invalid_argument("no operands for " + word);
    depth += 1 - operands;
  };
  while (words >> word) {
    if (word == "gate" || word == "up") {
      take(0);
      bool isGate = word == "gate";
      gateIsRead |= isGate;
      steps.push_back(
          [isGate](Stack &stack, double gate, double up) { stack.push_back(isGate ? gate : up); });
    } else if (auto function = functions.find(word); function != functions.end()) {
      take(1);
      steps.push_back(
          [f = function->second](Stack &stack, double, double) { stack.back() = f(stack.back()); });
    } else if (auto op = operators.find(word); op != operators.end()) {
      take(2);
      steps.push_back([f = op->second](Stack &stack, double, double) {
        double right = stack.back();
        stack.pop_back();
        stack.back() = f(stack.back(), right);
      });
    } else if (word == "clamp") {
      take(3);
      steps.push_back([](Stack &stack, double, double) {
        double high = stack.back(), low = stack[stack.size() - 2];
        stack.resize(stack.size() - 2);
        stack.back() = std::min(std::max(stack.back(), low), high);
      });
    } else {
      take(0);
      steps.push_back(
          [value = std::stod(word)](Stack &stack, double, double) { stack.push_back(value); });
    }
  }
  if (depth != 1)
    throw std::invalid_argument("an activation must leave one value: " + postfix);
}

double Activation::operator()(double gate, double up) const {
  Stack stack;
  for (const auto &step : steps)
    step(stack, gate, up);
  return stack.front();
}
